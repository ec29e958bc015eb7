#pragma once

#include <span>
#include <vector>

/// The M4 competition's benchmarks, point forecasts of the next `horizon` values, as its R code
/// computes them; `train` is not empty and `season` >= 1.
namespace ara::evaluation {

/// The last value.
std::vector<double> naive(std::span<const double> train, int horizon);

/// The value a season before; the last value where the series is shorter than a season.
std::vector<double> seasonal_naive(std::span<const double> train, int season, int horizon);

/// Naive on the seasonally adjusted series, times the seasonal index, where the series is seasonal;
/// else naive. The adjustment is R's classical multiplicative decomposition; a series with an index
/// that is not positive is taken as it is.
std::vector<double> naive2(std::span<const double> train, int season, int horizon);

/// Whether the autocorrelation at the seasonal lag is significant at 90 % by Bartlett's formula:
/// |r(m)| > 1.645 sqrt((1 + 2 (r(1)^2 + ... + r(m-1)^2)) / n). Never so for season 1, fewer than
/// three seasons, or a season beyond the 10 log10(n) lags that R's acf computes.
bool is_seasonal(std::span<const double> train, int season);

/// The multiplicative seasonal indices, mean 1, index 0 being that of train[0]: means of the ratios
/// to the centred moving average. `train` has at least two seasons.
std::vector<double> seasonal_indices(std::span<const double> train, int season);

}  // namespace ara::evaluation
