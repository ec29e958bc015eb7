#pragma once

#include <cmath>
#include <cstdint>

#include "base/rng.h"
#include "domain/quantile_function.h"
#include "support/shared_data.h"

namespace ara::support {

/// What makes garch_bars.
struct GarchTruth {
  double mu = 3e-4, omega = 2e-6, alpha = 0.08, beta = 0.90, nu = 6;
};

/// `count` daily bars of a price that starts at 100 and whose log returns are a GARCH(1,1) with
/// Student-t errors: a normal variate over the root of a chi-squared one with six degrees of
/// freedom, itself minus twice the logarithm of three uniforms.
inline std::vector<domain::Bar> garch_bars(std::size_t count, std::uint64_t seed = 1) {
  constexpr GarchTruth truth;
  Rng rng(seed);
  const auto uniform = [&] { return 1 - rng.uniform(); };  // never 0
  std::vector<double> closes;
  double value = std::log(100.0);
  double variance = truth.omega / (1 - truth.alpha - truth.beta);
  for (std::size_t i = 0; i < count; ++i) {
    closes.push_back(std::exp(value));
    const double chi_squared =
        -2 * (std::log(uniform()) + std::log(uniform()) + std::log(uniform()));
    const double normal = domain::normal_quantile(1e-12 + (1 - 2e-12) * uniform());
    const double z =
        normal / std::sqrt(chi_squared / truth.nu) * std::sqrt((truth.nu - 2) / truth.nu);
    const double shock = std::sqrt(variance) * z;
    value += truth.mu + shock;
    variance = truth.omega + truth.alpha * shock * shock + truth.beta * variance;
  }
  return bars_of(closes);
}

}  // namespace ara::support
