#include "training/global_model.h"

#include <algorithm>
#include <cmath>

#include "base/format.h"
#include "base/rng.h"
#include "models/anchors.h"
#include "models/gbm.h"
#include "models/tree_state.h"

namespace ara::training {
namespace {

/// Oldest bars of a series, in which averages settle; features that take longer are missing in some
/// rows, so that the trees learn what to do without them.
constexpr std::size_t kWarmUp = 60;

/// The bars of a series that models would take, up to a time.
struct Usable {
  std::vector<double> values;
  std::vector<std::size_t> places;  ///< of each value among the bars
};

Usable usable(const Series& series, domain::Scale scale, domain::Time until) {
  Usable found;
  for (std::size_t i = 0; i < series.bars.size() && series.bars[i].time <= until; ++i) {
    const double value = models::value_of(series.bars[i], scale);
    if (!std::isfinite(value)) continue;
    found.values.push_back(value);
    found.places.push_back(i);
  }
  return found;
}

domain::Scale scale_until(const Series& series, domain::Time until) {
  std::size_t count = 0;
  while (count < series.bars.size() && series.bars[count].time <= until) ++count;
  return models::scale_of(series.bars.first(count));
}

/// Adds the rows of one series, each bar being drawn with probability `part`.
void draw_from(const Series& series, const Options& options, double part, Rng& rng,
               Sample& sample) {
  const domain::Scale scale = scale_until(series, options.until);
  const Usable bars = usable(series, scale, options.until);
  models::TreeState state;
  for (std::size_t i = 0; i < bars.values.size(); ++i) {
    const std::size_t place = bars.places[i];
    state.advance({series.bars[place], bars.values[i],
                   series.market.empty() ? models::MarketFactors{} : series.market[place]},
                  scale);
    if (i < kWarmUp || rng.uniform() >= part) continue;
    const int horizon = models::kAnchors[rng.below(models::kAnchors.size())];
    const std::size_t then = i + static_cast<std::size_t>(horizon);
    if (then >= bars.values.size()) continue;
    const double sd = std::exp(0.5 * state.log_variance()) * std::sqrt(horizon);
    const auto target = static_cast<float>((bars.values[then] - bars.values[i]) / sd);
    if (!(std::abs(target) < 1e6F)) continue;  // a series that had not moved before
    const auto inputs = state.inputs(horizon);
    sample.inputs.insert(sample.inputs.end(), inputs.begin(), inputs.end());
    sample.targets.push_back(target);
  }
}

/// The date of the newest bar that may have been used.
domain::Date newest(std::span<const Series> series, domain::Time until) {
  domain::Time last = domain::Time::min();
  for (const Series& one : series) {
    if (!one.bars.empty()) last = std::max(last, one.bars.back().time);
  }
  return domain::date_of(std::min(last, until));
}

}  // namespace

Boosting Options::defaults() {
  Boosting boosting;
  boosting.rounds = 60;
  boosting.depth = 3;
  boosting.eta = 0.1;
  boosting.min_child_weight = 500;
  boosting.subsample = 0.5;
  boosting.colsample_bynode = 0.5;
  boosting.max_bin = 64;
  boosting.levels.assign(models::kTreeLevels.begin(), models::kTreeLevels.end());
  return boosting;
}

Table Sample::table() const {
  return {.values = inputs, .columns = models::TreeState::kInputs, .targets = targets};
}

Sample draw(std::span<const Series> series, const Options& options) {
  std::size_t bars = 0;
  for (const Series& one : series) {
    for (std::size_t i = kWarmUp; i < one.bars.size() && one.bars[i].time <= options.until; ++i) {
      ++bars;
    }
  }
  Sample sample;
  if (bars == 0) return sample;
  const double part = static_cast<double>(options.rows) / static_cast<double>(bars);
  Rng rng(options.seed);
  for (const Series& one : series) draw_from(one, options, part, rng, sample);
  return sample;
}

Result<std::string> train(std::span<const Series> series, const Options& options) {
  const Sample sample = draw(series, options);
  if (sample.targets.size() < kFewestRows) {
    return invalid("rows", ara::format("{}", sample.targets.size()),
                   ara::format("at least {} rows to train on: more or longer series", kFewestRows));
  }
  Boosting boosting = options.boosting;
  boosting.seed = options.seed;
  return boost(sample.table(), boosting,
               {{std::string(models::kGbmNote), std::string(models::kGbmVersion)},
                {std::string(models::kUntilNote), domain::to_iso(newest(series, options.until))}});
}

}  // namespace ara::training
