#pragma once

#include <cmath>

namespace ara::models {

struct LogGammaRatio {
  double value = 0;  ///< log Gamma(x + 1/2) - log Gamma(x)
  double slope = 0;  ///< its derivative in x
};

/// For x > 0, relative error below 1e-13: the recurrence Gamma(x + 1) = x Gamma(x) up to x >= 12,
/// then the asymptotic series (Tricomi and Erdelyi 1951). std::lgamma writes a global.
inline LogGammaRatio log_gamma_ratio(double x) {
  double product = 1;
  double shifted = 0;
  while (x < 12) {
    product *= x / (x + 0.5);
    shifted += 1 / x - 1 / (x + 0.5);
    x += 1;
  }
  const double u = 1 / x;
  const double u2 = u * u;
  const double series =
      u *
      (-1.0 / 8 + u2 * (1.0 / 192 + u2 * (-1.0 / 640 + u2 * (17.0 / 14336 - u2 * 31.0 / 18432))));
  const double series_slope =
      u2 *
      (1.0 / 8 + u2 * (-3.0 / 192 + u2 * (5.0 / 640 + u2 * (-119.0 / 14336 + u2 * 279.0 / 18432))));
  return {0.5 * std::log(x) + series + std::log(product), 0.5 * u + series_slope + shifted};
}

}  // namespace ara::models
