#include "models/unit_root.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "models/arima_fit.h"
#include "models/stl.h"

namespace ara::models {
namespace {

constexpr double kKpssAt5Percent = 0.463;  // table 1 of the paper
constexpr double kStrong = 0.64;

double largest_of(std::span<const double> values) {
  double largest = 0;
  for (double v : values) largest = std::max(largest, std::abs(v));
  return largest;
}

}  // namespace

bool is_constant(std::span<const double> values, double largest) {
  if (values.empty()) return true;
  const auto [low, high] = std::ranges::minmax(values);
  return !(high - low > 1e-14 * largest);
}

double kpss_statistic(std::span<const double> values) {
  const double n = static_cast<double>(values.size());
  const double largest = largest_of(values);
  double mean = 0;
  for (double v : values) mean += v / n;
  std::vector<double> x;
  for (double v : values) x.push_back((v - mean) / (largest > 0 ? largest : 1));
  double sum = 0, sums = 0, squares = 0;
  for (double v : x) {
    sum += v;
    sums += sum * sum;
    squares += v * v;
  }
  const auto lags = static_cast<std::size_t>(3 * std::sqrt(n) / 13);
  double spread = squares;
  for (std::size_t lag = 1; lag <= lags; ++lag) {
    double product = 0;
    for (std::size_t t = lag; t < x.size(); ++t) product += x[t] * x[t - lag];
    spread += 2 * (1 - static_cast<double>(lag) / static_cast<double>(lags + 1)) * product;
  }
  return spread > 0 ? sums / (n * spread) : 0;
}

int differences_needed(std::span<const double> values) {
  const double largest = largest_of(values);
  for (int d = 0; d < 2; ++d) {
    const auto w = differenced(values, d, 0, 1);
    if (is_constant(w, largest) || !(kpss_statistic(w) > kKpssAt5Percent)) return d;
  }
  return 2;
}

int seasonal_differences_needed(std::span<const double> values, int season) {
  if (season < 2 || values.size() <= 2 * static_cast<std::size_t>(season)) return 0;
  const double largest = largest_of(values);
  if (is_constant(values, largest)) return 0;
  // In units of the largest: the squares of 1e100 are beyond a double.
  std::vector<double> x;
  for (double v : values) x.push_back(v / largest);
  return seasonal_strength(x, season) > kStrong ? 1 : 0;
}

}  // namespace ara::models
