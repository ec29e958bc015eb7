// The combination for general series: the midmean of a few models that suit the season
// (as Petropoulos and Svetunkov 2020 take the median of four), with intervals from the errors that
// it made in the sample.
#include <algorithm>
#include <cmath>

#include "models/fits.h"
#include "models/series_pool.h"

namespace ara::models {
namespace {

using domain::QuantileFunction;

constexpr double kMostChange = 4;  ///< ranges of the values seen, for the root of each bar ahead

class Series final : public Model {
 public:
  Series(const ModelRow& row, const Sample& sample, const Setting& setting,
         std::vector<SeriesMember> members)
      : Model(row, setting.scale),
        members_(std::move(members)),
        pool_(learn_pool(members_, sample, setting.season)),
        levels_(setting.scale == domain::Scale::level) {
    for (std::size_t i = 0; i < sample.size(); ++i) take(sample.values[i]);
    std::vector<std::vector<double>> fitted;
    for (const SeriesMember& member : members_) fitted.push_back(member.fitted());
    std::vector<double> now(members_.size());
    for (std::size_t i = 0; i < sample.size(); ++i) {
      for (std::size_t k = 0; k < now.size(); ++k) now[k] = fitted[k][i];
      fitted_.push_back(midmean(now, pool_.weights));
    }
  }

  void advance(const Observation& seen) override {
    for (SeriesMember& member : members_) member.advance(seen);
    take(seen.value);
  }

  Path forecast(int horizon) const override {
    std::vector<std::vector<Outlook>> outlooks;
    for (const SeriesMember& member : members_) outlooks.push_back(member.outlook(horizon, last_));
    Path path;
    std::vector<Outlook> now(members_.size());
    for (int h = 1; h <= horizon; ++h) {
      for (std::size_t k = 0; k < now.size(); ++k) {
        now[k] = outlooks[k][static_cast<std::size_t>(h - 1)];
      }
      const Outlook outlook = calibrated(pool_.outlook(now), h);
      path.change.push_back(change(outlook, h));
      path.sd.push_back(std::min(outlook.spread * pool_.size, most_change(h)));
    }
    return path;
  }

  QuantileFunction next() const override {
    std::vector<Outlook> now;
    for (const SeriesMember& member : members_) now.push_back(member.next(last_));
    return change(calibrated(pool_.outlook(now), 1), 1);
  }

  void forget_fitted() override {
    Model::forget_fitted();
    for (SeriesMember& member : members_) member.model().forget_fitted();
  }

  std::vector<domain::Component> components() const override {
    std::vector<domain::Component> components;
    for (std::size_t k = 0; k < members_.size(); ++k) {
      components.push_back(
          {.model = std::string(members_[k].model().row().name), .weight = pool_.weights[k]});
    }
    return components;
  }

  std::unique_ptr<Model> clone() const override { return std::make_unique<Series>(*this); }

  std::unique_ptr<Model> restarted() const override {
    auto copy = std::make_unique<Series>(*this);
    for (SeriesMember& member : copy->members_) member.restart();
    copy->seen_ = 0;
    return copy;
  }

 private:
  void take(double value) {
    low_ = seen_ == 0 ? value : std::min(low_, value);
    high_ = seen_ == 0 ? value : std::max(high_, value);
    last_ = value;
    ++seen_;
  }

  /// The pool's view h bars ahead, its spread that of the errors. What never was negative is not
  /// expected to be, and nothing by far outside of what was seen.
  Outlook calibrated(Outlook outlook, int h) const {
    const double range = high_ - low_;
    const std::size_t phase = (seen_ + static_cast<std::size_t>(h - 1)) % pool_.phases.size();
    const double lowest = stays_positive() ? std::max(0.0, low_ - range) : low_ - range;
    return {std::clamp(outlook.middle, lowest, high_ + range),
            outlook.spread * pool_.factor(h, phase)};
  }

  QuantileFunction change(const Outlook& outlook, int h) const {
    const double most = most_change(h);
    const double least = stays_positive() ? std::max(-last_, -most) : -most;
    std::array<double, QuantileFunction::kKnots> values{};
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double value = outlook.middle - last_ + outlook.spread * pool_.knots[i];
      values[i] = std::clamp(value, least, most);
    }
    return QuantileFunction(values);
  }

  double most_change(int h) const { return kMostChange * (high_ - low_) * std::sqrt(h); }

  bool stays_positive() const { return levels_ && low_ >= 0; }

  std::vector<SeriesMember> members_;
  SeriesPool pool_;
  bool levels_;  ///< on this scale a series that never was negative stays so
  std::size_t seen_ = 0;
  double last_ = 0, low_ = 0, high_ = 0;  ///< newest, least and largest value seen
};

}  // namespace

Fitted fit_series(const ModelRow& row, const Sample& sample, const Setting& setting) {
  auto members = fit_series_members(sample, setting);
  if (!members) return std::unexpected(members.error());
  return std::make_unique<Series>(row, sample, setting, std::move(*members));
}

}  // namespace ara::models
