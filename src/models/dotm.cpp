// The dynamic optimised Theta model (Fiorucci, Pellegrini, Louzada, Petropoulos and Koehler 2016,
// section 3.2), on seasonally adjusted values:
//   mu(t) = l(t-1) + w ((1-a)^(t-1) A(t-1) + (1 - (1-a)^t) / a B(t-1)),  w = 1 - 1/theta,
//   l(t) = a y(t) + (1-a) l(t-1),  A and B the line through the values up to t-1.
// The line is followed through the forecasts too. For a given a the errors are linear in l(0) and
// w, so both come from a regression, and a is searched alone. All is linear in past errors, so the
// variance of a forecast is the sum of squared responses to the errors before it.
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "models/fits.h"
#include "models/gaussian.h"
#include "models/seasonality.h"

namespace ara::models {
namespace {

constexpr double kLeastAlpha = 0.1;  ///< the paper's bounds
constexpr double kMostAlpha = 0.99;

/// The least-squares line through the first n values, updated with each (the paper's equations for
/// the mean, A and B).
struct Line {
  double count = 0;
  double mean = 0;
  double slope = 0;      ///< B
  double intercept = 0;  ///< A: the line at t = 0

  void add(double value) {
    const double t = ++count;
    slope = t > 1 ? ((t - 2) * slope + 6 * (value - mean) / t) / (t + 1) : 0;
    mean = ((t - 1) * mean + value) / t;
    intercept = mean - slope * (t + 1) / 2;
  }
};

/// What moves with the values.
struct State {
  Line line;
  double level = 0;  ///< l
  double faded = 1;  ///< (1-a)^t

  /// What w multiplies in the forecast of the next value.
  double pull(double alpha) const {
    return faded * line.intercept + (1 - faded * (1 - alpha)) / alpha * line.slope;
  }
  void add(double alpha, double value) {
    line.add(value);
    level += alpha * (value - level);
    faded = faded > 1e-30 ? faded * (1 - alpha) : 0;
  }
};

struct Parameters {
  double alpha = 0;
  double weight = 0;   ///< w, 0 to 1 for theta of 1 to infinity
  double initial = 0;  ///< l(0)
  double squares = INFINITY;
};

/// The best l(0) and w for an alpha: the error is r - l(0) f - w z, with r the error of l(0) = 0
/// and w = 0, f the part of l(0) that is left and z the pull.
Parameters regress(std::span<const double> values, double alpha) {
  State state;
  double rr = 0, rf = 0, rz = 0, ff = 0, fz = 0, zz = 0;
  for (double value : values) {
    const double r = value - state.level;
    const double f = state.faded;
    const double z = state.pull(alpha);
    rr += r * r;
    rf += r * f;
    rz += r * z;
    ff += f * f;
    fz += f * z;
    zz += z * z;
    state.add(alpha, value);
  }
  const double determinant = ff * zz - fz * fz;
  Parameters found{.alpha = alpha};
  if (determinant > 1e-12 * ff * zz) {
    found.weight = std::clamp((ff * rz - fz * rf) / determinant, 0.0, 1.0);
  }
  found.initial = (rf - found.weight * fz) / ff;
  const double w = found.weight, l = found.initial;
  found.squares =
      std::max(0.0, rr - 2 * l * rf - 2 * w * rz + l * l * ff + 2 * l * w * fz + w * w * zz);
  return found;
}

/// A grid in alpha, then three around the best point, each 4 times as fine.
Parameters estimate(std::span<const double> values) {
  constexpr int kPoints = 9;
  double low = kLeastAlpha, high = kMostAlpha;
  Parameters best;
  for (int round = 0; round < 4; ++round) {
    const double step = (high - low) / (kPoints - 1);
    for (int i = 0; i < kPoints; ++i) {
      const Parameters found = regress(values, std::min(kMostAlpha, low + step * i));
      if (found.squares < best.squares) best = found;
    }
    low = std::max(kLeastAlpha, best.alpha - step);
    high = std::min(kMostAlpha, best.alpha + step);
  }
  return best;
}

class Dotm final : public Model {
 public:
  Dotm(const ModelRow& row, const Sample& sample, const Setting& setting)
      : Model(row, setting.scale),
        seasonality_(find_seasonality(sample.values, setting.season,
                                      setting.scale == domain::Scale::level)) {
    origin_ = seasonality_.remove(sample.values.front(), 0);
    std::vector<double> adjusted;
    adjusted.reserve(sample.size());
    for (std::size_t i = 0; i < sample.size(); ++i) {
      adjusted.push_back(seasonality_.remove(sample.values[i], i % seasonality_.period()) -
                         origin_);
    }
    parameters_ = estimate(adjusted);
    begin();
    fitted_.reserve(sample.size());
    double squares = 0;
    for (std::size_t i = 0; i < sample.size(); ++i) {
      const double mean = mean_of(state_);
      squares += (adjusted[i] - mean) * (adjusted[i] - mean);
      fitted_.push_back(seasonality_.restore(origin_ + mean, phase_));
      Dotm::advance(sample[i]);
    }
    variance_ = squares / static_cast<double>(sample.size() - 3);
  }

  void advance(const Observation& seen) override {
    state_.add(parameters_.alpha, seasonality_.remove(seen.value, phase_) - origin_);
    last_ = seen.value;
    phase_ = (phase_ + 1) % seasonality_.period();
  }

  Path forecast(int horizon) const override {
    State state = state_;
    std::vector<State> shocked;  // what a unit error in each session before makes of a zero series
    return gaussian_path(horizon, [&](int h) {
      double spread = 1;
      State zero = state;
      zero.level = 0;
      zero.line.mean = zero.line.slope = zero.line.intercept = 0;
      for (State& one : shocked) {
        const double response = mean_of(one);
        spread += response * response;
        one.add(parameters_.alpha, response);
      }
      zero.add(parameters_.alpha, 1);
      shocked.push_back(zero);
      const double mean = mean_of(state);
      state.add(parameters_.alpha, mean);
      return moments(mean, spread, static_cast<std::size_t>(h) - 1);
    });
  }

  domain::QuantileFunction next() const override {
    const auto [mean, variance] = moments(mean_of(state_), 1, 0);
    return domain::QuantileFunction::normal(mean, std::sqrt(variance));
  }

  std::unique_ptr<Model> clone() const override { return std::make_unique<Dotm>(*this); }

  std::unique_ptr<Model> restarted() const override {
    auto copy = std::make_unique<Dotm>(*this);
    copy->begin();
    return copy;
  }

 private:
  void begin() {
    state_ = {};
    state_.level = parameters_.initial;
    phase_ = 0;
  }

  double mean_of(const State& state) const {
    return state.level + parameters_.weight * state.pull(parameters_.alpha);
  }

  std::pair<double, double> moments(double mean, double spread, std::size_t after) const {
    const std::size_t phase = (phase_ + after) % seasonality_.period();
    const double factor = seasonality_.factor(phase);
    return {origin_ * factor - last_ + seasonality_.term(phase) + mean * factor,
            factor * factor * variance_ * spread};
  }

  Seasonality seasonality_;
  double origin_ = 0;  ///< taken off the adjusted values, so that large ones lose no digits
  Parameters parameters_;
  State state_;
  std::size_t phase_ = 0;  ///< of the next bar
  double variance_ = 0;    ///< of the errors: squares over n - 3
  double last_ = 0;
};

}  // namespace

Fitted fit_dotm(const ModelRow& row, const Sample& sample, const Setting& setting) {
  return std::make_unique<Dotm>(row, sample, setting);
}

}  // namespace ara::models
