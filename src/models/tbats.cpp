// Trigonometric multiple seasonality of the TBATS class (De Livera, Hyndman and Snyder 2011), with
// a level, AR(2) errors and, for hourly data and the like, the day and the week as periods. Without
// a trend and without a Box-Cox transform: whoever wants a transform gives transformed values.
#include <algorithm>
#include <cmath>

#include "models/fits.h"
#include "models/gaussian.h"
#include "models/tbats_filter.h"

namespace ara::models {
namespace {

class Tbats final : public Model {
 public:
  Tbats(const ModelRow& row, const Sample& sample, const Setting& setting)
      : Model(row, setting.scale), origin_(sample.values.front()) {
    std::vector<double> values;
    for (double value : sample.values) {
      values.push_back(value - origin_);
      unit_ = std::max(unit_, std::abs(values.back()));
    }
    if (!(unit_ > 0)) unit_ = 1;
    for (double& value : values) value /= unit_;
    fit_ = fit_tbats_filter(values, setting.season);
    state_ = fit_.start;
    fitted_.reserve(sample.size());
    for (std::size_t i = 0; i < sample.size(); ++i) {
      fitted_.push_back(i == 0 ? sample.values[0] : origin_ + unit_ * mean_next());
      Tbats::advance(sample[i]);
    }
  }

  void advance(const Observation& seen) override {
    last_ = (seen.value - origin_) / unit_;
    low_ = empty_ ? last_ : std::min(low_, last_);
    high_ = empty_ ? last_ : std::max(high_, last_);
    empty_ = false;
    state_.take(fit_.parameters, last_);
  }

  Path forecast(int horizon) const override {
    TbatsState state = state_;
    TbatsState response = state_;  // to a unit shock, which d takes whole
    response.level = response.d1 = response.d2 = 0;
    std::ranges::fill(response.s, 0);
    std::ranges::fill(response.s_star, 0);
    double grown = 0;
    return gaussian_path(horizon, [&](int h) {
      const double psi = h == 1 ? 1 : response.mean(fit_.parameters);
      response.step(fit_.parameters, h == 1 ? 1 : response.mean_of_d(fit_.parameters));
      grown += psi * psi;
      const double mean = bounded(state.mean(fit_.parameters));
      state.step(fit_.parameters, state.mean_of_d(fit_.parameters));
      return std::pair{unit_ * (mean - last_), variance() * grown};
    });
  }

  domain::QuantileFunction next() const override {
    return domain::QuantileFunction::normal(unit_ * (mean_next() - last_), std::sqrt(variance()));
  }

  std::unique_ptr<Model> clone() const override { return std::make_unique<Tbats>(*this); }

  std::unique_ptr<Model> restarted() const override {
    auto copy = std::make_unique<Tbats>(*this);
    copy->state_ = fit_.start;
    copy->empty_ = true;
    return copy;
  }

 private:
  double mean_next() const { return bounded(state_.mean(fit_.parameters)); }

  /// A forecast leaves the range of the values seen by at most that range.
  double bounded(double x) const {
    return std::clamp(x, low_ - (high_ - low_), high_ + (high_ - low_));
  }

  double variance() const { return unit_ * unit_ * fit_.sigma * fit_.sigma; }

  double origin_;    ///< the first value fitted on; all else here is relative to it,
  double unit_ = 0;  ///< in units of the largest distance from it
  TbatsFit fit_;
  TbatsState state_;
  double last_ = 0;
  double low_ = 0;  ///< of the values seen
  double high_ = 0;
  bool empty_ = true;
};

}  // namespace

Fitted fit_tbats(const ModelRow& row, const Sample& sample, const Setting& setting) {
  return std::make_unique<Tbats>(row, sample, setting);
}

}  // namespace ara::models
