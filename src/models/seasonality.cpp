#include "models/seasonality.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace ara::models {
namespace {

constexpr double kCritical = 1.6448536269514722;  ///< normal quantile of 0.95, two-sided 90 %
constexpr double kLeastIndex = 1e-4;              ///< a smaller multiplicative index is no pattern

/// The centred moving average over one period around `middle`, its ends counting half where the
/// period is even.
double centred_mean(std::span<const double> values, std::size_t middle, std::size_t period) {
  const std::size_t half = period / 2;
  const auto window = values.subspan(middle - half, 2 * half + 1);
  double sum = 0;
  for (double value : window) sum += value;
  if (period % 2 == 0) sum -= (window.front() + window.back()) / 2;
  return sum / static_cast<double>(period);
}

}  // namespace

bool is_seasonal(std::span<const double> values, int season) {
  if (season <= 1) return false;
  const auto period = static_cast<std::size_t>(season);
  const std::size_t n = values.size();
  if (n <= 2 * period) return false;
  // Taken from the first value, so that the mean of large values loses no digits.
  double mean = 0;
  for (double value : values) mean += value - values.front();
  mean = values.front() + mean / static_cast<double>(n);
  const auto product = [&](std::size_t lag) {
    double sum = 0;
    for (std::size_t i = lag; i < n; ++i) sum += (values[i] - mean) * (values[i - lag] - mean);
    return sum;
  };
  const double variance = product(0);
  const auto [least, most] = std::ranges::minmax_element(values);
  if (!(*most > *least) || !(variance > 0)) return false;
  double squares = 1;
  for (std::size_t lag = 1; lag < period; ++lag) {
    const double r = product(lag) / variance;
    squares += 2 * r * r;
  }
  const double error = std::sqrt(squares / static_cast<double>(n));
  return std::abs(product(period) / variance) > kCritical * error;
}

Seasonality decompose(std::span<const double> values, int season, bool multiplicative) {
  const auto period = static_cast<std::size_t>(season);
  const std::size_t half = period / 2;
  std::vector<double> figure(period, 0);
  std::vector<double> count(period, 0);
  for (std::size_t i = half; i + half < values.size(); ++i) {
    const double trend = centred_mean(values, i, period);
    figure[i % period] += multiplicative ? values[i] / trend : values[i] - trend;
    count[i % period] += 1;
  }
  double mean = 0;
  for (std::size_t i = 0; i < period; ++i) {
    figure[i] /= count[i];
    mean += figure[i];
  }
  mean /= static_cast<double>(period);
  for (double& index : figure) index = multiplicative ? index / mean : index - mean;
  return {.figure = std::move(figure), .multiplicative = multiplicative};
}

Seasonality find_seasonality(std::span<const double> values, int season, bool may_multiply) {
  if (!is_seasonal(values, season)) return {};
  if (may_multiply && std::ranges::min(values) > 0) {
    auto found = decompose(values, season, true);
    if (std::ranges::min(found.figure) > kLeastIndex) return found;
  }
  return decompose(values, season, false);
}

}  // namespace ara::models
