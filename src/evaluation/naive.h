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
/// else naive. The adjustment is the classical multiplicative decomposition; a series with a value
/// that is not positive is taken as it is. Seasonal is one of at least three seasons whose
/// autocorrelation at the seasonal lag is significant at 90 % by Bartlett's formula,
/// |r(m)| > 1.645 sqrt((1 + 2 (r(1)^2 + ... + r(m-1)^2)) / n); R's acf, and so this, looks no
/// further than 10 log10(n) lags.
std::vector<double> naive2(std::span<const double> train, int season, int horizon);

}  // namespace ara::evaluation
