#include "evaluation/inference.h"

#include <algorithm>
#include <cmath>

#include "base/rng.h"

namespace ara::evaluation {
namespace {

constexpr std::size_t kFewest = 10;  ///< differences that a test needs

/// The long-run variance of a mean, times n.
double long_run_variance(std::span<const double> x, double mean, std::size_t lags) {
  const auto n = static_cast<double>(x.size());
  double sum = 0;
  for (std::size_t lag = 0; lag <= lags; ++lag) {
    double covariance = 0;
    for (std::size_t t = lag; t < x.size(); ++t) {
      covariance += (x[t] - mean) * (x[t - lag] - mean);
    }
    const double weight = 1 - static_cast<double>(lag) / static_cast<double>(lags + 1);
    sum += (lag == 0 ? 1 : 2) * weight * covariance / n;
  }
  return sum;
}

/// The continued fraction of the incomplete beta function (Abramowitz and Stegun 26.5.8), by the
/// modified Lentz method (Thompson and Barnett 1986).
double beta_fraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300;
  constexpr int kMost = 10'000;
  const auto guarded = [](double value) { return std::abs(value) < kTiny ? kTiny : value; };
  double c = 1;
  double d = 1 / guarded(1 - (a + b) * x / (a + 1));
  double fraction = d;
  for (int m = 1; m <= kMost; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / guarded(1 + even * d);
    c = guarded(1 + even / c);
    fraction *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / guarded(1 + odd * d);
    c = guarded(1 + odd / c);
    fraction *= d * c;
    if (std::abs(d * c - 1) < 1e-15) break;
  }
  return fraction;
}

/// log Gamma(x), x > 0, by the recurrence up to 12 and Stirling's series; std::lgamma writes a
/// global.
double log_gamma(double x) {
  double product = 1;
  while (x < 12) product *= x++;
  const double u = 1 / (x * x);
  const double series = (1.0 / 12 - u * (1.0 / 360 - u * (1.0 / 1260 - u / 1680))) / x;
  constexpr double kHalfLogTwoPi = 0.91893853320467274178;
  return (x - 0.5) * std::log(x) - x + kHalfLogTwoPi + series - std::log(product);
}

/// The regularised incomplete beta function I_x(a, b), 0 <= x <= 1.
double incomplete_beta(double a, double b, double x) {
  if (x <= 0 || x >= 1) return x <= 0 ? 0 : 1;
  const double front = std::exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * std::log(x) +
                                b * std::log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
  return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

}  // namespace

double student_p_value(double t, double degrees) {
  return incomplete_beta(degrees / 2, 0.5, degrees / (degrees + t * t));
}

DieboldMariano diebold_mariano(std::span<const double> differences, int horizon) {
  if (differences.size() < kFewest) return {};
  const auto n = static_cast<double>(differences.size());
  double mean = 0;
  for (double d : differences) mean += d / n;
  const auto automatic = static_cast<int>(std::floor(4 * std::pow(n / 100, 2.0 / 9)));
  const auto lags =
      std::min(static_cast<std::size_t>(std::max(horizon - 1, automatic)), differences.size() - 1);
  const double variance = long_run_variance(differences, mean, lags) / n;
  if (!(variance > 1e-30 * mean * mean)) return {};
  const double h = horizon;
  const double correction = std::sqrt(std::max(0.0, n + 1 - 2 * h + h * (h - 1) / n) / n);
  const double statistic = correction * mean / std::sqrt(variance);
  return {statistic, student_p_value(statistic, n - 1)};
}

std::vector<std::uint32_t> bootstrap_counts(std::size_t n, double mean_block, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<std::uint32_t> counts(n, 0);
  const auto bound = static_cast<std::uint32_t>(n);
  std::size_t at = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const bool fresh = i == 0 || rng.uniform() * mean_block < 1;
    at = fresh ? rng.below(bound) : (at + 1) % n;
    ++counts[at];
  }
  return counts;
}

Interval percentile_interval(std::vector<double> draws, double level) {
  std::ranges::sort(draws);
  const auto at = [&](double p) {
    const double place = p * static_cast<double>(draws.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const auto above = std::min(below + 1, draws.size() - 1);
    return std::lerp(draws[below], draws[above], place - static_cast<double>(below));
  };
  return {at((1 - level) / 2), at((1 + level) / 2)};
}

}  // namespace ara::evaluation
