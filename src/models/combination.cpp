// Averages the quantiles of the other models level by level (Vincentization; Lichtendahl,
// Grushka-Cockayne and Winkler 2013), with weights and widths learned from how past forecasts did;
// see rolling.h. What is learned is part of the state.
#include "models/combination.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "models/rolling.h"

namespace ara::models {
namespace {

using domain::QuantileFunction;

constexpr std::array<std::string_view, 5> kMembers{"drift", "theta", "gjr_fhs", "har", "gbm"};
constexpr std::size_t kLearned = 1000;  ///< newest bars of the fit that are learned from
constexpr std::size_t kUnlearned = 5;   ///< oldest bars, in which states settle

class Combination final : public Model {
 public:
  using Members = std::vector<std::unique_ptr<Model>>;

  Combination(const ModelRow& row, const Sample& sample, const Setting& setting, Members members)
      : Model(row, setting.scale),
        first_(std::max(kUnlearned, sample.size() - std::min(sample.size(), kLearned))),
        members_(std::move(members)),
        rolling_(members_.size()) {
    for (auto& member : members_) {
      fitted_members_.push_back(std::move(member));
      member = fitted_members_.back()->restarted();
    }
    for (std::size_t i = 0; i < sample.size(); ++i) Combination::advance(sample[i]);
    const auto weights = rolling_.weights();
    fitted_.assign(sample.size(), 0);
    for (std::size_t m = 0; m < members_.size(); ++m) {
      const auto fitted = fitted_members_[m]->fitted();
      for (std::size_t i = 0; i < fitted_.size(); ++i) fitted_[i] += weights[m] * fitted[i];
    }
    fitted_members_.clear();
    for (auto& member : members_) member->forget_fitted();
  }

  Combination(const Combination& other)
      : Model(other), first_(other.first_), count_(other.count_), rolling_(other.rolling_) {
    for (const auto& member : other.members_) members_.push_back(member->clone());
  }

  void advance(const Observation& seen) override {
    for (auto& member : members_) member->advance(seen);
    ++count_;
    if (count_ < first_) return;
    rolling_.settle(seen.value);
    if (rolling_.due()) {
      rolling_.expect(outlook());
      return;
    }
    std::vector<QuantileFunction> next;
    next.reserve(members_.size());
    for (const auto& member : members_) next.push_back(member->next());
    rolling_.expect(next);
  }

  /// The standard deviation is averaged too: exact where the shapes are alike, else a bound.
  Path forecast(int horizon) const override {
    Path path;
    if (horizon < 1) return path;
    const auto sessions = static_cast<std::size_t>(horizon);
    const auto weights = rolling_.weights();
    std::vector<Path> members(members_.size());
    path.sd.assign(sessions, 0);
    for (std::size_t m = 0; m < members_.size(); ++m) {
      if (weights[m] > 0) members[m] = members_[m]->forecast(horizon);
    }
    for (std::size_t h = 0; h < sessions; ++h) {
      const double stretch = rolling_.stretch(static_cast<int>(h + 1));
      const auto single = [&](std::size_t m) -> const QuantileFunction& {
        return members[m].change[h];
      };
      path.change.push_back(stretched(average(weights, single), stretch));
      for (std::size_t m = 0; m < members_.size(); ++m) {
        if (weights[m] > 0) path.sd[h] += stretch * weights[m] * members[m].sd[h];
      }
    }
    return path;
  }

  QuantileFunction next() const override {
    const auto weights = rolling_.weights();
    std::vector<QuantileFunction> members(members_.size());
    for (std::size_t m = 0; m < members_.size(); ++m) {
      if (weights[m] > 0) members[m] = members_[m]->next();
    }
    const auto single = [&](std::size_t m) -> const QuantileFunction& { return members[m]; };
    return stretched(average(weights, single), rolling_.stretch(1));
  }

  std::vector<domain::Component> components() const override {
    std::vector<domain::Component> components;
    const auto weights = rolling_.weights();
    for (std::size_t m = 0; m < members_.size(); ++m) {
      components.push_back({.model = std::string(members_[m]->row().name), .weight = weights[m]});
    }
    return components;
  }

  std::vector<Path> members(int horizon) const override {
    std::vector<Path> paths;
    const auto weights = rolling_.weights();
    for (std::size_t m = 0; m < members_.size(); ++m) {
      paths.push_back(weights[m] > 0 ? members_[m]->forecast(horizon) : Path{});
    }
    return paths;
  }

  std::vector<Contribution> contributions() const override {
    std::vector<Contribution> all;
    const auto weights = rolling_.weights();
    for (std::size_t m = 0; m < members_.size(); ++m) {
      if (weights[m] == 0) continue;
      for (const Contribution& one : members_[m]->contributions()) {
        auto found = std::ranges::find(all, one.feature, &Contribution::feature);
        if (found == all.end()) found = all.insert(found, {one.feature, one.value, 0});
        found->contribution += weights[m] * one.contribution;
      }
    }
    return all;
  }

  std::unique_ptr<Model> clone() const override { return std::make_unique<Combination>(*this); }

  std::unique_ptr<Model> restarted() const override {
    auto copy = std::make_unique<Combination>(*this);
    for (auto& member : copy->members_) member = member->restarted();
    copy->count_ = 0;
    copy->rolling_ = Rolling(members_.size());
    return copy;
  }

 private:
  /// The members' forecasts for all horizons that are learned from.
  std::vector<Rolling::Forecasts> outlook() const {
    std::vector<Rolling::Forecasts> forecasts(members_.size());
    for (std::size_t m = 0; m < members_.size(); ++m) {
      const Path path = members_[m]->forecast(kAnchors[Rolling::kHorizons - 1]);
      for (std::size_t h = 0; h < Rolling::kHorizons; ++h) {
        forecasts[m][h] = path.change[static_cast<std::size_t>(kAnchors[h] - 1)];
      }
    }
    return forecasts;
  }

  std::size_t first_;      ///< bar from which on is learned
  std::size_t count_ = 0;  ///< bars seen
  Members members_;        ///< in the order of kMembers
  Members fitted_members_;
  Rolling rolling_;
};

}  // namespace

Fitted combine(const ModelRow& row, const Sample& sample, const Setting& setting,
               std::span<const std::string_view> names) {
  Combination::Members members;
  Setting theirs = setting;
  theirs.longest = std::max(setting.longest, kAnchors[Rolling::kHorizons - 1]);
  for (std::string_view name : names) {
    const ModelRow& other = *find_model(name).value();
    if (sample.size() < other.min_bars || (other.needs_trees && !setting.trees)) continue;
    auto fitted = fit_watched(other, sample, theirs);
    if (!fitted) return fitted;
    members.push_back(std::move(*fitted));
  }
  return std::make_unique<Combination>(row, sample, setting, std::move(members));
}

Fitted fit_combination(const ModelRow& row, const Sample& sample, const Setting& setting) {
  return combine(row, sample, setting, kMembers);
}

}  // namespace ara::models
