#include "models/regime.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/format.h"
#include "models/range_variance.h"

namespace ara::models {
namespace {

/// A week that stood still counts as this part of the variance of all sessions: without a floor its
/// logarithm is none.
constexpr double kStill = 1e-4;
/// Log volatilities that vary less than this do not vary.
constexpr double kSteady = 1e-6;

using Point = HiddenMarkov::Point;

double deviation(std::span<const Point> points, std::size_t half) {
  double mean = 0, sum = 0;
  const double n = static_cast<double>(points.size());
  for (const Point& point : points) mean += point[half] / n;
  for (const Point& point : points) sum += (point[half] - mean) * (point[half] - mean) / n;
  return std::sqrt(sum);
}

double mean_variance(const Sample& sample, domain::Scale scale) {
  double sum = 0;
  for (std::size_t i = 1; i < sample.size(); ++i) {
    sum += range_variance(sample.bars[i], sample.values[i] - sample.values[i - 1], scale);
  }
  return sum / static_cast<double>(sample.size() - 1);
}

}  // namespace

std::optional<Point> Regime::observe(const Observation& seen) {
  const double change = seen.value - last_;
  last_ = seen.value;
  ++seen_;
  if (seen_ == 1) return std::nullopt;
  variances_[seen_ % kWeek] = range_variance(seen.bar, change, scale_);
  if (seen_ <= kWeek) return std::nullopt;
  double sum = 0;
  for (double variance : variances_) sum += variance;
  return Point{change, 0.5 * std::log(std::max(sum / kWeek, least_variance_))};
}

void Regime::advance(const Observation& seen) {
  const auto point = observe(seen);
  if (!point) return;
  probability_ = chain_.filtered(probability_, *point, duration_ == 0);
  const auto begin = probability_.begin();
  const auto best = static_cast<std::size_t>(
      std::max_element(begin, begin + static_cast<std::ptrdiff_t>(chain_.states)) - begin);
  duration_ = best == current_ ? duration_ + 1 : 1;
  current_ = best;
}

Regime Regime::restarted() const {
  Regime anew(scale_);
  anew.chain_ = chain_;
  anew.labels_ = labels_;
  anew.least_variance_ = least_variance_;
  return anew;
}

double Regime::staying(int bars) const {
  double sum = 0;
  for (std::size_t k = 0; k < chain_.states; ++k) {
    sum += probability_[k] * std::pow(chain_.transition[k][k], bars);
  }
  return sum;
}

void Regime::name_states() {
  constexpr std::array<std::array<const char*, 4>, 2> kVolatility{
      {{"low_volatility", "normal_volatility", "high_volatility", ""},
       {"low_volatility", "normal_volatility", "high_volatility", "extreme_volatility"}}};
  const double states = static_cast<double>(chain_.states);
  const double limit = domain::normal_quantile(1 - 0.05 / (2 * states));
  for (std::size_t k = 0; k < chain_.states; ++k) {
    const auto& [mean, sd] = chain_.emission[k];
    const double score = mean[0] / (sd[0] / std::sqrt(std::max(chain_.visits[k], 1.0)));
    labels_[k] = score > limit ? "bull_" : score < -limit ? "bear_" : "";
    labels_[k] += kVolatility[chain_.states - 3][k];
  }
}

Result<Regime> Regime::fit(const Sample& sample, domain::Scale scale) {
  if (sample.size() < kLeast) {
    return invalid("bars", ara::format("{}", sample.size()),
                   ara::format("at least {} bars for regimes", kLeast));
  }
  Regime regime(scale);
  regime.least_variance_ = kStill * mean_variance(sample, scale);
  std::vector<Point> points;
  points.reserve(sample.size());
  if (regime.least_variance_ > 0) {
    Regime reader = regime;
    for (std::size_t i = 0; i < sample.size(); ++i) {
      if (const auto point = reader.observe(sample[i])) points.push_back(*point);
    }
  }
  if (points.empty() || !(deviation(points, 0) > 0) || !(deviation(points, 1) > kSteady)) {
    return invalid("close", "a series whose volatility never changes", "one that has regimes");
  }
  regime.chain_ = fit_hidden_markov(points);
  regime.name_states();
  for (std::size_t i = 0; i < sample.size(); ++i) regime.advance(sample[i]);
  return regime;
}

}  // namespace ara::models
