#include "evaluation/point_scores.h"

#include <cmath>

namespace ara::evaluation {

double smape(std::span<const double> actual, std::span<const double> forecast) {
  double sum = 0;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    const double size = std::abs(actual[i]) + std::abs(forecast[i]);
    if (size > 0) sum += 200 * std::abs(actual[i] - forecast[i]) / size;
  }
  return sum / static_cast<double>(actual.size());
}

double naive_scale(std::span<const double> train, int season) {
  const auto lag = static_cast<std::size_t>(season);
  double sum = 0;
  for (std::size_t t = lag; t < train.size(); ++t) sum += std::abs(train[t] - train[t - lag]);
  return sum / static_cast<double>(train.size() - lag);
}

double mean_absolute_error(std::span<const double> actual, std::span<const double> forecast) {
  double sum = 0;
  for (std::size_t i = 0; i < actual.size(); ++i) sum += std::abs(actual[i] - forecast[i]);
  return sum / static_cast<double>(actual.size());
}

double interval_score(std::span<const double> actual, std::span<const double> lower,
                      std::span<const double> upper, double alpha) {
  double sum = 0;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    sum += upper[i] - lower[i];
    if (actual[i] < lower[i]) sum += 2 / alpha * (lower[i] - actual[i]);
    if (actual[i] > upper[i]) sum += 2 / alpha * (actual[i] - upper[i]);
  }
  return sum / static_cast<double>(actual.size());
}

double coverage(std::span<const double> actual, std::span<const double> lower,
                std::span<const double> upper) {
  double count = 0;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    count += actual[i] >= lower[i] && actual[i] <= upper[i];
  }
  return count / static_cast<double>(actual.size());
}

}  // namespace ara::evaluation
