#pragma once

#include <span>
#include <vector>

namespace ara::models {

/// Simple exponential smoothing as the state-space model ETS(A,N,N):
/// y(t) = l(t-1) + e(t), l(t) = l(t-1) + alpha e(t) (Hyndman et al. 2008, section 3.4).
struct Smoothing {
  double alpha = 0;     ///< within [1e-4, 0.9999], as R's forecast bounds it
  double initial = 0;   ///< l(0)
  double variance = 0;  ///< of e: the sum of squares over n - 2

  double next_level(double level, double value) const { return level + alpha * (value - level); }
};

/// The alpha and l(0) of least squares, which are those of maximum likelihood. At least 3 values.
Smoothing fit_smoothing(std::span<const double> values);

/// The levels l(0) .. l(n - 1): the one-step-ahead forecasts of the values.
std::vector<double> levels_before(const Smoothing& smoothing, std::span<const double> values);

}  // namespace ara::models
