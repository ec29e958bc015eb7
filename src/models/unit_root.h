#pragma once

#include <span>

namespace ara::models {

/// The statistic of Kwiatkowski, Phillips, Schmidt and Shin (1992) for stationarity about a level,
/// with Bartlett weights over trunc(3 sqrt(n) / 13) lags. 0 for values that do not differ.
double kpss_statistic(std::span<const double> values);

/// Whether the values differ by no more than rounding of numbers of size `largest`.
bool is_constant(std::span<const double> values, double largest);

/// How often to difference, 0 to 2, for KPSS not to reject stationarity at 5 % (Hyndman and
/// Khandakar 2008, section 3.1), or until nothing varies.
int differences_needed(std::span<const double> values);

/// How often to difference at the lag of the season, 0 or 1: 1 where the seasonality is stronger
/// than 0.64 (the rule of R's forecast::nsdiffs; Wang, Smith and Hyndman 2006).
int seasonal_differences_needed(std::span<const double> values, int season);

}  // namespace ara::models
