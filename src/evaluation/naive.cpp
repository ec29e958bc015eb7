#include "evaluation/naive.h"

#include <algorithm>
#include <cmath>

#include "models/seasonality.h"

namespace ara::evaluation {
namespace {

bool is_adjusted(std::span<const double> train, int season) {
  const auto n = static_cast<double>(train.size());
  if (season < 2 || n < 3.0 * season || season > std::floor(10 * std::log10(n))) return false;
  return std::ranges::all_of(train, [](double value) { return value > 0; }) &&
         models::is_seasonal(train, season);
}

}  // namespace

std::vector<double> naive(std::span<const double> train, int horizon) {
  return std::vector<double>(static_cast<std::size_t>(horizon), train.back());
}

std::vector<double> seasonal_naive(std::span<const double> train, int season, int horizon) {
  const auto lag = static_cast<std::size_t>(season);
  if (train.size() < lag) return naive(train, horizon);
  std::vector<double> forecast;
  for (std::size_t h = 0; h < static_cast<std::size_t>(horizon); ++h) {
    forecast.push_back(train[train.size() - lag + h % lag]);
  }
  return forecast;
}

std::vector<double> naive2(std::span<const double> train, int season, int horizon) {
  if (!is_adjusted(train, season)) return naive(train, horizon);
  const auto pattern = models::decompose(train, season, true);
  const std::size_t n = train.size();
  const double level = pattern.remove(train.back(), (n - 1) % pattern.period());
  std::vector<double> forecast;
  for (std::size_t h = 0; h < static_cast<std::size_t>(horizon); ++h) {
    forecast.push_back(pattern.restore(level, (n + h) % pattern.period()));
  }
  return forecast;
}

}  // namespace ara::evaluation
