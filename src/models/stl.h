#pragma once

#include <span>
#include <vector>

namespace ara::models {

/// A series as trend + seasonal + remainder, each as long as the series.
struct Decomposition {
  std::vector<double> trend;
  std::vector<double> seasonal;
  std::vector<double> remainder;
};

/// Seasonal and trend decomposition by loess (Cleveland, Cleveland, McRae and Terpenning 1990)
/// without robustness weights, every point smoothed: two inner loops; the seasonal smoothed over
/// `seasonal_window` periods (odd) with degree 0, the trend and the low pass with degree 1 over the
/// windows that the paper recommends. At least two periods of `season` >= 2 values.
Decomposition stl(std::span<const double> values, int season, int seasonal_window = 11);

/// How strong the seasonality is, 0 to 1: 1 - var(remainder) / var(seasonal + remainder), not below
/// 0 (Wang, Smith and Hyndman 2006, Characteristic-based clustering for time series data).
double seasonal_strength(std::span<const double> values, int season);

}  // namespace ara::models
