// Automatic seasonal ARIMA. The state is that of the exact Kalman filter of the differenced series,
// with the last values that its differences reach back to; the variance of a forecast is
//   s^2 (psi(0)^2 + … + psi(h-1)^2),
// psi being the weights of the errors in the undifferenced series (Box and Jenkins 1970, section
// 5.1), and its shape normal. Two differences and a root near one make explosive paths: h steps
// ahead neither the mean nor the deviation goes further than h of the sample's steps, all of them
// one way (its largest, on top of its range, for the mean; their root mean square for the other).
#include <algorithm>
#include <cmath>
#include <utility>

#include "models/arima_select.h"
#include "models/fits.h"

namespace ara::models {
namespace {

/// y(t) = w(t) + the sum of these.
struct Step {
  std::size_t lag;
  double weight;
};

std::vector<Step> integration(const ArimaOrder& order) {
  std::vector<double> terms{1};
  const auto difference = [&](std::size_t lag) {
    terms.resize(terms.size() + lag, 0.0);
    for (std::size_t i = terms.size(); i-- > lag;) terms[i] -= terms[i - lag];
  };
  for (int i = 0; i < order.D; ++i) difference(static_cast<std::size_t>(order.m));
  for (int i = 0; i < order.d; ++i) difference(1);
  std::vector<Step> result;
  for (std::size_t lag = 1; lag < terms.size(); ++lag) {
    if (terms[lag] != 0) result.push_back({lag, -terms[lag]});
  }
  return result;
}

/// How far a forecast may go.
struct Limits {
  double range = 0;
  double largest_step = 0;
  double deviation = 0;  ///< for each step

  double mean(double change, double steps) const {
    const double most = range + steps * largest_step;
    return std::clamp(change, -most, most);
  }
  double sd(double deviations, double steps) const {
    return std::min(deviations, steps * deviation);
  }
};

Limits limits_of(std::span<const double> values, double error) {
  const auto [low, high] = std::ranges::minmax(values);
  Limits limits{.range = high - low};
  for (std::size_t i = 1; i < values.size(); ++i) {
    limits.largest_step = std::max(limits.largest_step, std::abs(values[i] - values[i - 1]));
  }
  double squares = 0;
  for (std::size_t i = 1; i < values.size() && limits.largest_step > 0; ++i) {
    const double step = (values[i] - values[i - 1]) / limits.largest_step;
    squares += step * step;
  }
  const double count = static_cast<double>(values.size() - 1);
  limits.deviation = std::max(error, limits.largest_step * std::sqrt(squares / count));
  return limits;
}

class Arima final : public Model {
 public:
  Arima(const ModelRow& row, const Sample& sample, domain::Scale scale, ArimaFit fit,
        ArmaGains gains)
      : Model(row, scale),
        fit_(std::move(fit)),
        limits_(limits_of(sample.values, std::sqrt(fit_.variance))),
        arma_(multiplied_out(fit_.order, fit_.coefficients)),
        terms_(integration(fit_.order)),
        first_gains_(std::move(gains)),
        gains_(first_gains_) {
    begin();
    fitted_.reserve(sample.size());
    for (std::size_t i = 0; i < sample.size(); ++i) {
      fitted_.push_back(ready() ? expected() : sample.values[i]);
      Arima::advance(sample[i]);
    }
  }

  void advance(const Observation& seen) override {
    if (ready()) {
      gains_.move(state_, seen.value - expected());
      gains_.advance();
    }
    newest_ = newest_ + 1 < last_.size() ? newest_ + 1 : 0;
    last_[newest_] = seen.value;
    ++seen_;
  }

  Path forecast(int horizon) const override {
    const auto steps = static_cast<std::size_t>(horizon);
    const auto means = ready() ? changes(steps) : std::vector<double>(steps, 0.0);
    const auto psi = weights(steps);
    Path path;
    double sum = 0;
    for (std::size_t h = 0; h < steps; ++h) {
      sum += psi[h] * psi[h];
      const double ahead = static_cast<double>(h + 1);
      path.sd.push_back(limits_.sd(std::sqrt(fit_.variance * sum), ahead));
      path.change.push_back(
          domain::QuantileFunction::normal(limits_.mean(means[h], ahead), path.sd.back()));
    }
    return path;
  }

  domain::QuantileFunction next() const override {
    const double sd = limits_.sd(std::sqrt(fit_.variance), 1);
    return domain::QuantileFunction::normal(limits_.mean(ready() ? next_change() : 0, 1), sd);
  }

  std::unique_ptr<Model> clone() const override { return std::make_unique<Arima>(*this); }

  std::unique_ptr<Model> restarted() const override {
    auto copy = std::make_unique<Arima>(*this);
    copy->begin();
    return copy;
  }

 private:
  void begin() {
    gains_ = first_gains_;
    state_.assign(gains_.size() + 1, 0.0);
    last_.assign(std::max<std::size_t>(fit_.order.lost(), 1), 0.0);
    newest_ = seen_ = 0;
  }

  /// Whether there are values enough for a difference.
  bool ready() const { return seen_ >= fit_.order.lost(); }

  /// The value `lag` before the next, less the last.
  double before(std::size_t lag) const {
    const std::size_t at =
        newest_ + 1 >= lag ? newest_ + 1 - lag : newest_ + 1 + last_.size() - lag;
    return last_[at] - last_[newest_];
  }

  /// The mean of the next change.
  double next_change() const {
    double change = fit_.mean + state_[0];
    if (terms_.empty()) return change - last_[newest_];
    for (const Step& term : terms_) change += term.weight * before(term.lag);
    return change;
  }

  /// The mean of the next value; before the first value, which counts as 0, that of a level.
  double expected() const { return last_[newest_] + next_change(); }

  /// The means of the changes to the next `steps` values. Those of the ARMA process follow from the
  /// state: what the past adds to the value then, and the means before it.
  std::vector<double> changes(std::size_t steps) const {
    std::vector<double> x{state_[0]}, change{next_change()};
    for (std::size_t h = 1; h < steps; ++h) {
      double mean = h < arma_.ar.size() ? state_[h] : 0;
      for (std::size_t k = 1; k <= std::min(h, arma_.ar.size()); ++k) {
        mean += arma_.ar[k - 1] * x[h - k];
      }
      x.push_back(mean);
      mean += fit_.mean;
      if (terms_.empty()) mean -= last_[newest_];
      for (const Step& term : terms_) {
        mean += term.weight * (term.lag <= h ? change[h - term.lag] : before(term.lag - h));
      }
      change.push_back(mean);
    }
    return change;
  }

  /// psi(0) .. psi(steps - 1).
  std::vector<double> weights(std::size_t steps) const {
    std::vector<double> arma, psi;
    for (std::size_t j = 0; j < steps; ++j) {
      double weight = j == 0 ? 1 : j <= arma_.ma.size() ? arma_.ma[j - 1] : 0;
      for (std::size_t k = 1; k <= std::min(j, arma_.ar.size()); ++k) {
        weight += arma_.ar[k - 1] * arma[j - k];
      }
      arma.push_back(weight);
      for (const Step& term : terms_) {
        if (term.lag <= j) weight += term.weight * psi[j - term.lag];
      }
      psi.push_back(weight);
    }
    return psi;
  }

  ArimaFit fit_;
  Limits limits_;
  Arma arma_;
  std::vector<Step> terms_;
  ArmaGains first_gains_;
  ArmaGains gains_;
  std::vector<double> state_;
  std::vector<double> last_;  ///< a ring of values, as many as the differences reach back to
  std::size_t newest_ = 0;    ///< in the ring
  std::size_t seen_ = 0;
};

}  // namespace

Fitted fit_arima(const ModelRow& row, const Sample& sample, const Setting& setting) {
  ArimaFit fit = select_arima(sample.values, setting.season);
  auto gains = ArmaGains::start(multiplied_out(fit.order, fit.coefficients));
  if (!gains) return fail(Code::internal, "the chosen ARIMA process has no variance");
  return std::make_unique<Arima>(row, sample, setting.scale, std::move(fit), std::move(*gains));
}

}  // namespace ara::models
