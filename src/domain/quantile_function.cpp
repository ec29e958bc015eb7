#include "domain/quantile_function.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "domain/order_statistics.h"

namespace ara::domain {
namespace {

constexpr std::array<double, QuantileFunction::kKnots> kLevels{
    0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3,   0.35, 0.425, 0.5,
    0.575, 0.65, 0.7,   0.75, 0.8, 0.85, 0.9, 0.95, 0.975, 0.99, 0.995};

const std::array<double, QuantileFunction::kKnots>& scores() {
  static const auto table = [] {
    std::array<double, QuantileFunction::kKnots> z{};
    std::ranges::transform(kLevels, z.begin(), normal_quantile);
    return z;
  }();
  return table;
}

/// The piece [i, i + 1] in which `x` lies, the outermost ones reaching to infinity.
template <class Table>
std::size_t piece_of(const Table& table, double x) {
  const auto above = std::upper_bound(table.begin(), table.end(), x);
  const auto index = std::distance(table.begin(), above) - 1;
  return static_cast<std::size_t>(
      std::clamp<std::ptrdiff_t>(index, 0, static_cast<std::ptrdiff_t>(table.size()) - 2));
}

}  // namespace

const std::array<double, QuantileFunction::kKnots>& QuantileFunction::levels() {
  return kLevels;
}

QuantileFunction::QuantileFunction(std::span<const double, kKnots> values) {
  std::ranges::copy(values, values_.begin());
  if (!std::ranges::is_sorted(values_)) std::ranges::sort(values_);
}

QuantileFunction QuantileFunction::normal(double mean, double standard_deviation) {
  QuantileFunction function;
  const auto& score = scores();
  for (std::size_t i = 0; i < kKnots; ++i) {
    function.values_[i] = mean + standard_deviation * score[i];
  }
  return function;
}

QuantileFunction QuantileFunction::empirical(std::span<const double> sample) {
  OrderStatistics ordered(sample);
  QuantileFunction function;
  const double last = static_cast<double>(sample.size() - 1);
  for (std::size_t i = 0; i < kKnots; ++i) {
    const double place = kLevels[i] * last;
    const auto below = static_cast<std::size_t>(place);
    const auto above = std::min(below + 1, sample.size() - 1);
    function.values_[i] =
        std::lerp(ordered.at(below), ordered.at(above), place - static_cast<double>(below));
  }
  std::ranges::sort(function.values_);  // lerp may round across a tie
  return function;
}

double QuantileFunction::at(double p) const {
  const double z = normal_quantile(p);
  const auto& score = scores();
  const std::size_t i = piece_of(score, z);
  const double t = (z - score[i]) / (score[i + 1] - score[i]);
  return values_[i] + t * (values_[i + 1] - values_[i]);
}

double QuantileFunction::probability_below(double x) const {
  return normal_cdf(normal_score(x));
}

double QuantileFunction::normal_score(double x) const {
  const std::size_t i = piece_of(values_, x);
  const double width = values_[i + 1] - values_[i];
  const auto& score = scores();
  if (width <= 0) {  // a point mass: everything lies at or below x, or above it
    return x < values_[i] ? -INFINITY : x > values_[i + 1] ? INFINITY : score[i + 1];
  }
  const double t = (x - values_[i]) / width;
  return score[i] + t * (score[i + 1] - score[i]);
}

double normal_cdf(double z) {
  return 0.5 * std::erfc(-z / std::numbers::sqrt2);
}

double normal_quantile(double p) {
  constexpr double a[] = {-3.969683028665376e+01, 2.209460984245205e+02,  -2.759285104469687e+02,
                          1.383577518672690e+02,  -3.066479806614716e+01, 2.506628277459239e+00};
  constexpr double b[] = {-5.447609879822406e+01, 1.615858368580409e+02, -1.556989798598866e+02,
                          6.680131188771972e+01, -1.328068155288572e+01};
  constexpr double c[] = {-7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00,
                          -2.549732539343734e+00, 4.374664141464968e+00,  2.938163982698783e+00};
  constexpr double d[] = {7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00,
                          3.754408661907416e+00};
  const auto tail = [&](double q) {
    return (((((c[0] * q + c[1]) * q + c[2]) * q + c[3]) * q + c[4]) * q + c[5]) /
           ((((d[0] * q + d[1]) * q + d[2]) * q + d[3]) * q + 1);
  };
  double z = 0;
  if (p < 0.02425) {
    z = tail(std::sqrt(-2 * std::log(p)));
  } else if (p > 1 - 0.02425) {
    z = -tail(std::sqrt(-2 * std::log1p(-p)));
  } else {
    const double q = p - 0.5;
    const double r = q * q;
    z = (((((a[0] * r + a[1]) * r + a[2]) * r + a[3]) * r + a[4]) * r + a[5]) * q /
        (((((b[0] * r + b[1]) * r + b[2]) * r + b[3]) * r + b[4]) * r + 1);
  }
  const double error = normal_cdf(z) - p;
  const double step = error * std::sqrt(2 * std::numbers::pi) * std::exp(z * z / 2);
  return z - step / (1 + z * step / 2);
}

}  // namespace ara::domain
