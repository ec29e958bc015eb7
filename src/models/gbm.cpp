// A global model: boosted trees, trained on many series at once, give quantiles of the change over
// a horizon, standardised by the series' own recent volatility, from what TreeState sees of it.
// One set of trees serves every series (Montero-Manso and Hyndman 2021, Principles and algorithms
// for forecasting groups of time series); each quantile is an output of its own, trained on its
// pinball loss (Koenker and Bassett 1978) by gradient boosting (Friedman 2001).
#include "models/gbm.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/format.h"
#include "models/anchors.h"
#include "models/fits.h"
#include "models/tree_state.h"

namespace ara::models {
namespace {

using domain::QuantileFunction;
using Levels = std::array<double, kTreeLevels.size()>;

constexpr double kBeyondRecord = 3;  ///< no change exceeds so many times the largest, a session

/// Variance grows by at least this part of what it is a session on average: trees, which know of no
/// such rule, may say otherwise.
constexpr double kLeastGrowth = 0.2;

/// Tails beyond the outermost level, as multiples of its distance from the median: those of a
/// Student t with five degrees of freedom, about what daily returns of assets show (Praetz 1972;
/// Cont 2001).
constexpr double kTail1 = 3.3649 / 2.5706;   ///< 1 % by 2.5 %
constexpr double kTail05 = 4.0321 / 2.5706;  ///< 0.5 % by 2.5 %

/// The slope at each of the points, so that the cubic through them is monotone (Fritsch and Butland
/// 1984, equation 5; one-sided at the ends).
Levels slopes_of(const Levels& z, const Levels& q) {
  Levels d{}, slope{};
  for (std::size_t i = 0; i + 1 < z.size(); ++i) d[i] = (q[i + 1] - q[i]) / (z[i + 1] - z[i]);
  slope.front() = d.front();
  slope.back() = d[z.size() - 2];
  for (std::size_t i = 1; i + 1 < z.size(); ++i) {
    if (!(d[i - 1] > 0 && d[i] > 0)) continue;
    const double left = z[i] - z[i - 1], right = z[i + 1] - z[i];
    const double a = (left + 2 * right) / (3 * (left + right));
    slope[i] = d[i - 1] * d[i] / (a * d[i] + (1 - a) * d[i - 1]);
  }
  return slope;
}

/// Between the levels of the trees a monotone cubic in the normal score.
Knots knots_of(Levels q) {
  static const Levels z = [] {
    Levels scores;
    std::ranges::transform(kTreeLevels, scores.begin(), domain::normal_quantile);
    return scores;
  }();
  std::ranges::sort(q);  // 1 in 100 rows comes with crossing quantiles
  const Levels slope = slopes_of(z, q);
  const double median = q[q.size() / 2];
  Knots knots;
  for (std::size_t i = 0; i < knots.size(); ++i) {
    const double level = QuantileFunction::levels()[i];
    if (level < kTreeLevels.front() || level > kTreeLevels.back()) {
      const double end = level < 0.5 ? q.front() : q.back();
      knots[i] = median + (end - median) * (std::min(level, 1 - level) < 0.0075 ? kTail05 : kTail1);
      continue;
    }
    const double x = domain::normal_quantile(level);
    const auto after = std::upper_bound(z.begin() + 1, z.end() - 1, x);
    const auto k = static_cast<std::size_t>(after - z.begin()) - 1;
    const double width = z[k + 1] - z[k];
    const double t = (x - z[k]) / width, s = 1 - t;
    knots[i] = s * s * (1 + 2 * t) * q[k] + t * t * (1 + 2 * s) * q[k + 1] +
               t * s * width * (s * slope[k] - t * slope[k + 1]);
  }
  return knots;
}

struct Moments {
  double mean = 0, sd = 0;
};

/// Of the distribution with these knots, each standing for the levels nearest to it.
Moments moments_of(const Knots& knots) {
  const auto& levels = QuantileFunction::levels();
  double mean = 0, square = 0;
  for (std::size_t i = 0; i < knots.size(); ++i) {
    const double from = i == 0 ? 0 : (levels[i - 1] + levels[i]) / 2;
    const double to = i + 1 == knots.size() ? 1 : (levels[i] + levels[i + 1]) / 2;
    mean += (to - from) * knots[i];
    square += (to - from) * knots[i] * knots[i];
  }
  return {mean, std::sqrt(std::max(0.0, square - mean * mean))};
}

class Gbm final : public Model {
 public:
  Gbm(const ModelRow& row, const Sample& sample, const Setting& setting)
      : Model(row, setting.scale), scale_(setting.scale), trees_(setting.trees) {
    std::vector<float> rows;
    std::vector<double> sd;
    rows.reserve(sample.size() * TreeState::kInputs);
    for (std::size_t i = 0; i < sample.size(); ++i) {
      state_.advance(sample[i], scale_);
      const auto inputs = state_.inputs(1);
      rows.insert(rows.end(), inputs.begin(), inputs.end());
      sd.push_back(deviation(1));
    }
    fitted_record_ = state_.record();
    const auto outputs = trees_->predict(rows);
    fitted_.push_back(sample.values[0]);
    for (std::size_t i = 0; i + 1 < sample.size(); ++i) {
      const auto knots = knots_of(levels_at(outputs, i));
      fitted_.push_back(sample.values[i] + sd[i] * moments_of(knots).mean);
    }
  }

  void advance(const Observation& seen) override { state_.advance(seen, scale_); }

  Path forecast(int horizon) const override {
    Path path;
    if (horizon < 1) return path;
    const Place last(horizon);
    std::vector<float> rows;
    for (std::size_t k = 0; k <= last.above; ++k) {
      const auto inputs = state_.inputs(kAnchors[k]);
      rows.insert(rows.end(), inputs.begin(), inputs.end());
    }
    const auto outputs = trees_->predict(rows);
    Anchored<Knots> anchored{};
    for (std::size_t k = 0; k <= last.above; ++k) anchored[k] = knots_of(levels_at(outputs, k));
    for (int h = 1; h <= horizon; ++h) {
      const Place place(h);
      Knots knots;
      for (std::size_t i = 0; i < knots.size(); ++i) knots[i] = place.of(anchored, i);
      Step step = step_of(knots, h);
      if (h > 1) widen(step, path.sd.back() * std::sqrt(1 + kLeastGrowth / (h - 1)));
      path.change.emplace_back(step.knots);
      path.sd.push_back(step.sd);
    }
    return path;
  }

  QuantileFunction next() const override {
    return QuantileFunction(
        step_of(knots_of(levels_at(trees_->predict(state_.inputs(1)), 0)), 1).knots);
  }

  std::vector<Contribution> contributions() const override {
    constexpr std::size_t kMedian = kTreeLevels.size() / 2;
    const auto inputs = state_.inputs(1);
    const auto shares = trees_->contributions(inputs);
    const double sd = deviation(1);
    std::vector<Contribution> all;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const double share = shares[kMedian * (inputs.size() + 1) + i];
      if (share != 0) all.push_back({TreeState::names()[i], inputs[i], sd * share});
    }
    return all;
  }

  std::unique_ptr<Model> clone() const override { return std::make_unique<Gbm>(*this); }

  std::unique_ptr<Model> restarted() const override {
    auto copy = std::make_unique<Gbm>(*this);
    copy->state_ = {};
    copy->state_.remember(fitted_record_);
    return copy;
  }

 private:
  struct Step {
    Knots knots;
    double sd;
  };

  static Levels levels_at(std::span<const float> outputs, std::size_t row) {
    Levels levels;
    std::ranges::copy(outputs.subspan(row * levels.size(), levels.size()), levels.begin());
    return levels;
  }

  /// What standardised changes over `horizon` sessions are multiplied by.
  double deviation(int horizon) const {
    return std::exp(0.5 * state_.log_variance()) * std::sqrt(horizon);
  }

  /// Standardised knots as a change, bounded by the record.
  Step step_of(Knots knots, int horizon) const {
    const double sd = deviation(horizon);
    const double most = kBeyondRecord * horizon * state_.record();
    for (double& value : knots) value = std::clamp(sd * value, -most, most);
    return {knots, moments_of(knots).sd};
  }

  static void widen(Step& step, double least) {
    if (!(step.sd > 0 && step.sd < least)) return;
    const double median = step.knots[step.knots.size() / 2];
    for (double& value : step.knots) value = median + (value - median) * (least / step.sd);
    step.sd = least;
  }

  domain::Scale scale_;
  std::shared_ptr<const Trees> trees_;
  double fitted_record_ = 0;
  TreeState state_;
};

}  // namespace

Result<void> check_gbm(const Trees& trees) {
  if (trees.features() != TreeState::kInputs || trees.outputs() != kTreeLevels.size()) {
    return invalid("trees", ara::format("{} inputs, {} outputs", trees.features(), trees.outputs()),
                   ara::format("trees trained for gbm: {} inputs, {} outputs", TreeState::kInputs,
                               kTreeLevels.size()));
  }
  const auto note = trees.notes().find(kGbmNote);
  if (note == trees.notes().end() || note->second != kGbmVersion) {
    return invalid("trees", note == trees.notes().end() ? "no version" : note->second,
                   ara::format("trees trained for version {} of gbm's inputs", kGbmVersion));
  }
  return {};
}

Result<domain::Date> trained_until(const Trees& trees) {
  const auto note = trees.notes().find(kUntilNote);
  if (note != trees.notes().end()) {
    if (const auto date = domain::parse_iso_date(note->second)) return *date;
  }
  return fail(Code::corrupt, "the trees do not say from which bars they learned");
}

Fitted fit_gbm(const ModelRow& row, const Sample& sample, const Setting& setting) {
  if (const auto fits = check_gbm(*setting.trees); !fits) return std::unexpected(fits.error());
  return std::make_unique<Gbm>(row, sample, setting);
}

}  // namespace ara::models
