// Means and variances of the forecasts: HKOS table 6.1 for additive forms (class 1) and
// equation 6.2 for multiplicative errors (class 2). Multiplicative seasons (class 3) are taken as
// class 2 too, an error moving the season of its bar as it moves the level: HKOS section 6.4 to the
// first order, and with the covariance of the two. Distributions are normal, as HKOS and R's
// forecast take them.
#include "models/ets_model.h"

#include <algorithm>
#include <cmath>

namespace ara::models {
namespace {

/// Damps what of an undamped slope the sample makes unlikely: the lowest damping that is usual.
constexpr double kSteepPhi = 0.8;
/// A relative error of 1 is no longer normal; beyond it, spreads do not feed on themselves.
constexpr double kMostRelativeVariance = 0.25;

class EtsModel final : public Model {
 public:
  EtsModel(const ModelRow& row, const Sample& sample, domain::Scale scale, EtsFit fit)
      : Model(row, scale), fit_(std::move(fit)) {
    begin();
    fitted_.reserve(sample.size());
    for (std::size_t i = 0; i < sample.size(); ++i) {
      fitted_.push_back(fit_.units.origin + fit_.units.unit * mean_of(ahead(), index(0)));
      EtsModel::advance(sample[i]);
    }
  }

  void advance(const Observation& seen) override {
    last_ = fit_.units.of(seen.value);
    with_form(fit_.form, [&]<EtsTrend trend, EtsSeason season>() {
      EtsCell cell{.level = level_, .slope = slope_, .season = index(0)};
      const double ahead = floored(ets_trend<trend>(fit_.parameters, cell));
      const double error = last_ - ets_mean<season>(ahead, cell.season);
      cell = ets_next<trend, season>(fit_.parameters, cell, ahead, error);
      level_ = cell.level;
      slope_ = cell.slope;
      if constexpr (season == EtsSeason::additive) ring_[phase_] = cell.season;
      if constexpr (season == EtsSeason::multiplicative) ring_[phase_] = floored(cell.season);
    });
    if (!ring_.empty()) phase_ = phase_ + 1 < ring_.size() ? phase_ + 1 : 0;
  }

  Path forecast(int horizon) const override {
    const auto sessions = static_cast<std::size_t>(std::max(0, horizon));
    Path path;
    path.change.reserve(sessions);
    path.sd.reserve(sessions);
    Outlook at = tomorrow();
    std::vector<double> squares;    // of relative errors: what they multiply, squared, by session
    std::vector<double> responses;  // squared, of the mean to an error so many sessions before
    double response_sum = 0;
    for (std::size_t h = 1; h <= sessions; ++h) {
      double spread = response_sum;
      if (fit_.form.multiplicative_error) {
        spread = 0;
        for (std::size_t j = 1; j < h; ++j) spread += responses[j - 1] * squares[h - 1 - j];
        spread *= std::min(fit_.variance, kMostRelativeVariance);
        squares.push_back(relative_to(at) * relative_to(at) + spread);
      }
      path.sd.push_back(sd(at, spread));
      path.change.push_back(domain::QuantileFunction::normal(change(at), path.sd.back()));
      responses.push_back(response(at) * response(at));
      response_sum += responses.back();
      go_on(at);
    }
    return path;
  }

  domain::QuantileFunction next() const override {
    const Outlook at = tomorrow();
    return domain::QuantileFunction::normal(change(at), sd(at, 0));
  }

  std::unique_ptr<Model> clone() const override { return std::make_unique<EtsModel>(*this); }

  std::unique_ptr<Model> restarted() const override {
    auto copy = std::make_unique<EtsModel>(*this);
    copy->begin();
    return copy;
  }

 private:
  /// A session to come.
  struct Outlook {
    double trend = 0;       ///< its forecast by level and slope
    double slope = 0;       ///< as believed for long
    double steep = 0;       ///< what there is more of it
    double index = 0;       ///< seasonal
    double damping = 0;     ///< phi + phi^2 + … + phi^h
    double power = 0;       ///< phi^h
    std::size_t ahead = 1;  ///< h, sessions from now
  };

  void begin() {
    level_ = fit_.start.level;
    slope_ = fit_.start.slope;
    ring_ = fit_.start.season;
    phase_ = 0;
    last_ = 0;
  }

  /// Multiplicative forms stay above zero.
  double floored(double factor) const {
    return fit_.form.multiplicative() ? std::max(factor, kLeastFactor) : factor;
  }

  double ahead() const { return floored(level_ + fit_.parameters.phi * slope_); }

  /// The seasonal index of the bar so many after the next.
  double index(std::size_t after) const {
    return ring_.empty() ? 0 : ring_[(phase_ + after) % ring_.size()];
  }

  double mean_of(double ahead, double index) const {
    switch (fit_.form.season) {
      case EtsSeason::additive:
        return ahead + index;
      case EtsSeason::multiplicative:
        return ahead * index;
      default:
        return ahead;
    }
  }

  Outlook tomorrow() const {
    const double phi = fit_.parameters.phi;
    Outlook at{.trend = ahead(), .slope = slope_, .index = index(0), .damping = phi, .power = phi};
    if (fit_.form.trend == EtsTrend::additive) {
      at.slope = std::clamp(slope_, -fit_.likely_slope, fit_.likely_slope);
      at.steep = slope_ - at.slope;
    }
    return at;
  }

  /// To the next session.
  void go_on(Outlook& at) const {
    at.power *= fit_.parameters.phi;
    at.damping += at.power;
    at.steep *= kSteepPhi;
    at.trend = floored(at.trend + at.power * at.slope + at.steep);
    at.index = index(at.ahead);
    ++at.ahead;
  }

  double change(const Outlook& at) const {
    return fit_.units.unit * (mean_of(at.trend, at.index) - last_);
  }

  /// What a relative error multiplies, but for a multiplicative season.
  double relative_to(const Outlook& at) const {
    return fit_.form.season == EtsSeason::additive ? at.trend + at.index : at.trend;
  }

  /// By how much an error now moves the forecast, the season being what it is.
  double response(const Outlook& at) const {
    const EtsParameters& p = fit_.parameters;
    const bool same = fit_.form.has_season() && at.ahead % ring_.size() == 0;
    return p.alpha + p.beta * at.damping + (same ? p.gamma : 0);
  }

  /// `spread`: the variance of what the forecast rests on, from the errors before that session; of
  /// additive errors as a multiple of their own variance.
  double sd(const Outlook& at, double spread) const {
    if (!fit_.form.multiplicative_error) {
      return fit_.units.unit * std::sqrt(fit_.variance * (1 + spread));
    }
    const double factor = fit_.form.season == EtsSeason::multiplicative ? at.index : 1;
    const double square = relative_to(at) * relative_to(at) + spread;
    return fit_.units.unit * factor * std::sqrt(spread + square * fit_.variance);
  }

  EtsFit fit_;
  double level_ = 0;
  double slope_ = 0;
  std::vector<double> ring_;  ///< the seasonal indices
  std::size_t phase_ = 0;     ///< in the ring, of the next bar
  double last_ = 0;
};

}  // namespace

std::unique_ptr<Model> make_ets_model(const ModelRow& row, const Sample& sample,
                                      domain::Scale scale, EtsFit fit) {
  return std::make_unique<EtsModel>(row, sample, scale, std::move(fit));
}

}  // namespace ara::models
