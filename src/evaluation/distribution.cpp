#include "evaluation/distribution.h"

#include <algorithm>
#include <cmath>

namespace ara::evaluation {
namespace {

using domain::QuantileFunction;

/// A level as a place between two knots.
struct Place {
  std::size_t knot = 0;
  double part = 0;
};

Place place_of(double level) {
  const auto& levels = QuantileFunction::levels();
  const auto above = std::upper_bound(levels.begin(), levels.end() - 1, level);
  const auto knot = static_cast<std::size_t>(std::distance(levels.begin(), above)) - 1;
  const double from = domain::normal_quantile(levels[knot]);
  const double to = domain::normal_quantile(levels[knot + 1]);
  return {knot, (domain::normal_quantile(level) - from) / (to - from)};
}

constexpr double level_of(std::size_t i) {
  return static_cast<double>(i + 1) / static_cast<double>(kLevels + 1);
}

struct Places {
  std::array<Place, kLevels> at;
  std::array<Place, kCoverages.size()> low;
  std::array<Place, kCoverages.size()> high;

  Places() {
    for (std::size_t i = 0; i < kLevels; ++i) at[i] = place_of(level_of(i));
    for (std::size_t i = 0; i < kCoverages.size(); ++i) {
      low[i] = place_of((100 - kCoverages[i]) / 200.0);
      high[i] = place_of((100 + kCoverages[i]) / 200.0);
    }
  }
};

double sorted_quantile(std::span<const double> sample, double level) {
  const double place = level * static_cast<double>(sample.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const auto above = std::min(below + 1, sample.size() - 1);
  return sample[below] + (place - static_cast<double>(below)) * (sample[above] - sample[below]);
}

}  // namespace

Quantiles quantiles_of(const QuantileFunction& forecast) {
  static const Places places;
  const auto& knots = forecast.values();
  const auto read = [&](const Place& place) {
    return knots[place.knot] + place.part * (knots[place.knot + 1] - knots[place.knot]);
  };
  Quantiles quantiles;
  std::ranges::transform(places.at, quantiles.at.begin(), read);
  std::ranges::transform(places.low, quantiles.low.begin(), read);
  std::ranges::transform(places.high, quantiles.high.begin(), read);
  return quantiles;
}

Quantiles quantiles_of_sorted(std::span<const double> sample) {
  Quantiles quantiles;
  for (std::size_t i = 0; i < kLevels; ++i) {
    quantiles.at[i] = sorted_quantile(sample, level_of(i));
  }
  for (std::size_t i = 0; i < kCoverages.size(); ++i) {
    quantiles.low[i] = sorted_quantile(sample, (100 - kCoverages[i]) / 200.0);
    quantiles.high[i] = sorted_quantile(sample, (100 + kCoverages[i]) / 200.0);
  }
  return quantiles;
}

double crps(const Quantiles& forecast, double y) {
  double sum = 0;
  for (std::size_t i = 0; i < kLevels; ++i) {
    const double above = y - forecast.at[i];
    sum += std::max(level_of(i) * above, (level_of(i) - 1) * above);
  }
  return sum / static_cast<double>(kLevels);
}

std::size_t rank_of(const Quantiles& forecast, double y) {
  const auto first = std::ranges::lower_bound(forecast.at, y);
  return static_cast<std::size_t>(std::distance(forecast.at.begin(), first));
}

double qlike(double variance, double proxy) {
  constexpr double kWorst = 1e12;
  const double ratio = variance > 0 ? std::min(proxy / variance, kWorst) : kWorst;
  return ratio - std::log(ratio) - 1;
}

}  // namespace ara::evaluation
