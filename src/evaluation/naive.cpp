#include "evaluation/naive.h"

#include <algorithm>
#include <cmath>

namespace ara::evaluation {
namespace {

constexpr double kCritical = 1.645;  ///< of the normal distribution, 90 % two-sided

/// Autocorrelations at lags 1 to `lags`, all of them 0 for a constant series.
std::vector<double> autocorrelations(std::span<const double> x, int lags) {
  const auto n = x.size();
  double mean = 0;
  for (double value : x) mean += value / static_cast<double>(n);
  double variance = 0;
  for (double value : x) variance += (value - mean) * (value - mean);
  std::vector<double> r;
  for (std::size_t lag = 1; lag <= static_cast<std::size_t>(lags); ++lag) {
    double sum = 0;
    for (std::size_t t = lag; t < n; ++t) sum += (x[t] - mean) * (x[t - lag] - mean);
    r.push_back(variance > 0 ? sum / variance : 0);
  }
  return r;
}

/// The mean over one season around t, the outermost two values counting half for an even season.
double moving_average(std::span<const double> x, std::size_t t, std::size_t season) {
  const std::size_t half = season / 2;
  double sum = 0;
  for (std::size_t i = t - half; i <= t + half; ++i) sum += x[i];
  if (season % 2 == 0) sum -= (x[t - half] + x[t + half]) / 2;
  return sum / static_cast<double>(season);
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

bool is_seasonal(std::span<const double> train, int season) {
  const auto n = static_cast<double>(train.size());
  if (season < 2 || n < 3.0 * season || season > std::floor(10 * std::log10(n))) return false;
  const auto r = autocorrelations(train, season);
  double sum = 1;
  for (std::size_t i = 0; i + 1 < r.size(); ++i) sum += 2 * r[i] * r[i];
  return std::abs(r.back()) > kCritical * std::sqrt(sum / n);
}

std::vector<double> seasonal_indices(std::span<const double> train, int season) {
  const auto m = static_cast<std::size_t>(season);
  std::vector<double> index(m, 0);
  std::vector<double> count(m, 0);
  for (std::size_t t = m / 2; t + m / 2 < train.size(); ++t) {
    index[t % m] += train[t] / moving_average(train, t, m);
    count[t % m] += 1;
  }
  double mean = 0;
  for (std::size_t i = 0; i < m; ++i) {
    index[i] /= count[i];
    mean += index[i] / static_cast<double>(m);
  }
  for (double& value : index) value /= mean;
  return index;
}

std::vector<double> naive2(std::span<const double> train, int season, int horizon) {
  if (!is_seasonal(train, season)) return naive(train, horizon);
  const auto index = seasonal_indices(train, season);
  const auto positive = [](double value) { return std::isfinite(value) && value > 0; };
  if (!std::ranges::all_of(index, positive)) return naive(train, horizon);
  const std::size_t n = train.size();
  const double level = train.back() / index[(n - 1) % index.size()];
  std::vector<double> forecast;
  for (std::size_t h = 0; h < static_cast<std::size_t>(horizon); ++h) {
    forecast.push_back(level * index[(n + h) % index.size()]);
  }
  return forecast;
}

}  // namespace ara::evaluation
