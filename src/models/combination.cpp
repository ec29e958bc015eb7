// Averages the quantiles of the other models level by level (Vincentization; Lichtendahl,
// Grushka-Cockayne and Winkler 2013), weighted by how well each told the last year.
#include <algorithm>
#include <array>
#include <cmath>

#include "models/fits.h"

namespace ara::models {
namespace {

using domain::QuantileFunction;

constexpr std::array<std::string_view, 5> kMembers{"drift", "ses", "theta", "garch_fhs", "gbm"};
constexpr std::size_t kScored = 250;   ///< newest bars that the weights are learned from
constexpr std::size_t kUnscored = 5;   ///< oldest bars, in which states settle
constexpr double kLearning = 0.5;      ///< see weights_of
constexpr double kLeastWeight = 0.01;  ///< smaller weights become 0

struct Part {
  std::unique_ptr<Model> model;
  double weight = 0;
};

/// The mean pinball loss over all knots, a discrete form of the CRPS (Gneiting and Ranjan 2011).
double loss_of(const QuantileFunction& forecast, double x) {
  double loss = 0;
  for (std::size_t i = 0; i < QuantileFunction::kKnots; ++i) {
    const double above = x - forecast.values()[i];
    const double level = QuantileFunction::levels()[i];
    loss += std::max(level * above, (level - 1) * above);
  }
  return loss / QuantileFunction::kKnots;
}

/// The summed loss of one-step forecasts of the newest bars, parameters as fitted on all bars,
/// states folded up to the bar before each.
double score(const Model& fitted, const Sample& sample) {
  const std::size_t n = sample.values.size();
  const std::size_t from = std::max(kUnscored, n > kScored ? n - kScored : 0);
  const auto model = fitted.restarted();
  double loss = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (i >= from) loss += loss_of(model->next(), sample.values[i] - sample.values[i - 1]);
    model->advance(sample[i]);
  }
  return loss;
}

/// Exponential weights (Vovk 1990; for the CRPS, V'yugin and Trunov 2019): a model's weight falls
/// by exp(-kLearning) for each bar's worth of loss by which it is behind the best.
std::vector<double> weights_of(std::span<const double> losses, std::size_t count) {
  const double least = std::ranges::min(losses);
  std::vector<double> weights;
  double sum = 0;
  for (double loss : losses) {
    const double behind = loss > least ? (loss / least - 1) * static_cast<double>(count) : 0;
    weights.push_back(std::exp(-kLearning * behind));
    sum += weights.back();
  }
  double kept = 0;
  for (double& weight : weights) {
    weight = weight / sum < kLeastWeight ? 0 : weight;
    kept += weight;
  }
  for (double& weight : weights) weight /= kept;
  return weights;
}

class Combination final : public Model {
 public:
  Combination(const ModelRow& row, domain::Scale scale, std::vector<Part> parts)
      : Model(row, scale), parts_(std::move(parts)) {
    fitted_.assign(parts_.front().model->fitted().size(), 0);
    for (const Part& part : parts_) {
      const auto fitted = part.model->fitted();
      for (std::size_t i = 0; i < fitted_.size(); ++i) fitted_[i] += part.weight * fitted[i];
    }
  }

  Combination(const Combination& other) : Model(other) {
    for (const Part& part : other.parts_) parts_.push_back({part.model->clone(), part.weight});
  }

  void advance(const Observation& seen) override {
    for (Part& part : parts_) part.model->advance(seen);
  }

  /// The standard deviation is averaged too: exact where the shapes are alike, else a bound.
  Path forecast(int horizon) const override {
    const auto sessions = static_cast<std::size_t>(std::max(0, horizon));
    std::vector<std::array<double, QuantileFunction::kKnots>> knots(sessions);
    Path path;
    path.sd.assign(sessions, 0);
    for (const Part& part : parts_) {
      if (part.weight == 0) continue;
      const Path single = part.model->forecast(horizon);
      for (std::size_t h = 0; h < sessions; ++h) {
        path.sd[h] += part.weight * single.sd[h];
        add(knots[h], part.weight, single.change[h]);
      }
    }
    for (const auto& values : knots) path.change.emplace_back(values);
    return path;
  }

  QuantileFunction next() const override {
    std::array<double, QuantileFunction::kKnots> values{};
    for (const Part& part : parts_) {
      if (part.weight > 0) add(values, part.weight, part.model->next());
    }
    return QuantileFunction(values);
  }

  void forget_fitted() override {
    Model::forget_fitted();
    for (Part& part : parts_) part.model->forget_fitted();
  }

  std::vector<domain::Component> components() const override {
    std::vector<domain::Component> components;
    for (const Part& part : parts_) {
      components.push_back({.model = std::string(part.model->row().name), .weight = part.weight});
    }
    return components;
  }

  std::vector<Path> members(int horizon) const override {
    std::vector<Path> paths;
    for (const Part& part : parts_) {
      paths.push_back(part.weight > 0 ? part.model->forecast(horizon) : Path{});
    }
    return paths;
  }

  std::vector<Contribution> contributions() const override {
    std::vector<Contribution> all;
    for (const Part& part : parts_) {
      if (part.weight == 0) continue;
      for (const Contribution& one : part.model->contributions()) {
        auto found = std::ranges::find(all, one.feature, &Contribution::feature);
        if (found == all.end()) found = all.insert(found, {one.feature, one.value, 0});
        found->contribution += part.weight * one.contribution;
      }
    }
    return all;
  }

  std::unique_ptr<Model> clone() const override { return std::make_unique<Combination>(*this); }

  std::unique_ptr<Model> restarted() const override {
    auto copy = std::make_unique<Combination>(*this);
    for (Part& part : copy->parts_) part.model = part.model->restarted();
    return copy;
  }

 private:
  static void add(std::array<double, QuantileFunction::kKnots>& sum, double weight,
                  const QuantileFunction& quantiles) {
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += weight * quantiles.values()[i];
  }

  std::vector<Part> parts_;  ///< in the order of kMembers
};

}  // namespace

/// Of those members that have bars enough.
Fitted fit_combination(const ModelRow& row, const Sample& sample, const Setting& setting) {
  std::vector<Part> parts;
  std::vector<double> losses;
  for (std::string_view name : kMembers) {
    const ModelRow& other = *find_model(name).value();
    if (sample.bars.size() < other.min_bars || (other.needs_trees && !setting.trees)) continue;
    auto fitted = other.fit(other, sample, setting);
    if (!fitted) return fitted;
    losses.push_back(score(**fitted, sample));
    parts.push_back({.model = std::move(*fitted)});
  }
  const auto weights = weights_of(losses, std::min(kScored, sample.bars.size() - kUnscored));
  for (std::size_t i = 0; i < parts.size(); ++i) parts[i].weight = weights[i];
  return std::make_unique<Combination>(row, setting.scale, std::move(parts));
}

}  // namespace ara::models
