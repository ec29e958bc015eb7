#pragma once

#include <span>

/// Scores of point and interval forecasts as the M4 competition defines them (Makridakis, Spiliotis
/// and Assimakopoulos 2020, The M4 Competition: 100,000 time series and 61 forecasting methods,
/// sections 2.3 and 2.4). Forecasts and actual values are spans of one size, at least 1.
namespace ara::evaluation {

/// Mean of 200 |y - f| / (|y| + |f|), in percent; a step where both are 0 counts 0.
double smape(std::span<const double> actual, std::span<const double> forecast);

/// The scale of MASE and MSIS: the mean absolute seasonal difference |y(t) - y(t - season)| of the
/// training part; 0 for one that repeats itself. `train` is longer than `season`.
double naive_scale(std::span<const double> train, int season);

/// Mean of |y - f|, in the series' units.
double mean_absolute_error(std::span<const double> actual, std::span<const double> forecast);

/// Mean interval score (Gneiting and Raftery 2007, equation 43) of the central interval that is
/// missed with probability `alpha`: its width, and 2 / alpha times what the value lies outside.
double interval_score(std::span<const double> actual, std::span<const double> lower,
                      std::span<const double> upper, double alpha);

/// Part of the values within [lower, upper].
double coverage(std::span<const double> actual, std::span<const double> lower,
                std::span<const double> upper);

}  // namespace ara::evaluation
