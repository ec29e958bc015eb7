#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "domain/quantile_function.h"

/// Scores of a forecast distribution.
namespace ara::evaluation {

inline constexpr std::size_t kLevels = 99;                       ///< 0.01, 0.02, ..., 0.99
inline constexpr std::array<int, 4> kCoverages{50, 80, 90, 95};  ///< percent, central intervals

/// What is scored of a distribution.
struct Quantiles {
  std::array<double, kLevels> at;             ///< ascending
  std::array<double, kCoverages.size()> low;  ///< ends of the central intervals of kCoverages
  std::array<double, kCoverages.size()> high;

  double median() const { return at[kLevels / 2]; }
};

/// The quantiles of a forecast; the same values as QuantileFunction::at, to rounding, without a
/// normal score for each of them.
Quantiles quantiles_of(const domain::QuantileFunction& forecast);

/// The quantiles of a sample, ascending and not empty (Hyndman and Fan 1996, definition 7).
Quantiles quantiles_of_sorted(std::span<const double> sample);

/// The continuous ranked probability score as the mean pinball loss over the 99 levels,
///   1/99 sum over p of max(p (y - q(p)), (p - 1) (y - q(p))),
/// in the units of y. Twice this approximates the integral form of the CRPS (Gneiting and Ranjan
/// 2011, equations 11 and 17); ratios do not depend on the factor.
double crps(const Quantiles& forecast, double y);

/// How many of the 99 quantiles lie below y: 0 to 99, the probability integral transform in steps
/// of a hundredth.
std::size_t rank_of(const Quantiles& forecast, double y);

/// QLIKE of a variance forecast against a proxy of the variance (Patton 2011, Volatility forecast
/// comparison using imperfect volatility proxies, equation 6): x - log(x) - 1 with
/// x = proxy / variance, 0 at best. proxy > 0. x above 1e12 counts as 1e12, so that a variance
/// forecast of 0 is very bad and not infinite.
double qlike(double variance, double proxy);

}  // namespace ara::evaluation
