#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace ara::domain {

/// A forecast distribution as its quantile function: values at 23 fixed levels (knots), linear in
/// the normal score z = Phi^-1(p) between them. Beyond the outermost knots the slope of the last
/// piece continues, so the tails are Gaussian in shape and any level can be asked. Monotone by
/// construction: the knots are sorted when it is made.
class QuantileFunction {
 public:
  static constexpr std::size_t kKnots = 23;
  /// The levels of the knots, ascending, symmetric about 0.5; all nine wire levels are among them.
  static const std::array<double, kKnots>& levels();

  QuantileFunction() = default;
  /// Values at levels(), in that order; crossings are sorted away (Chernozhukov et al. 2010,
  /// "Quantile and probability curves without crossing").
  explicit QuantileFunction(std::span<const double, kKnots> values);

  /// Of the normal distribution.
  static QuantileFunction normal(double mean, double standard_deviation);
  /// Of the empirical distribution of `sample` (at least one value, all finite), by linear
  /// interpolation between order statistics (Hyndman and Fan 1996, definition 7).
  static QuantileFunction empirical(std::span<const double> sample);

  /// The quantile at level p, 0 < p < 1.
  double at(double p) const;
  /// P(X <= x), in (0, 1); the inverse of `at` (0 or 1 beyond a point mass).
  double probability_below(double x) const;
  /// Phi^-1 of that, without its rounding: infinite beyond a point mass.
  double normal_score(double x) const;
  double median() const { return values_[kKnots / 2]; }
  const std::array<double, kKnots>& values() const { return values_; }

 private:
  std::array<double, kKnots> values_{};
};

/// Phi and its inverse (Acklam's rational approximation with one Halley step: relative error below
/// 1e-14), for 0 < p < 1.
double normal_cdf(double z);
double normal_quantile(double p);

}  // namespace ara::domain
