#pragma once

#include <optional>
#include <span>
#include <vector>

#include "models/arima_filter.h"

namespace ara::models {

/// The exact Gaussian likelihood of an ARMA process, the variance of its errors left open.
struct Likelihood {
  double squares = 0;  ///< sum of v(t)^2 / F(t)
  double log_det = 0;  ///< sum of log F(t)
  double mean = 0;
  std::vector<double> errors;  ///< v(t) / sqrt F(t)

  double size() const { return static_cast<double>(errors.size()); }
};

/// Of stationary `values`; with order.constant the mean is the one that makes it greatest, else 0.
/// Nothing where it cannot be computed.
std::optional<Likelihood> likelihood(const ArimaOrder& order, const ArimaCoefficients& at,
                                     std::span<const double> values);

}  // namespace ara::models
