// The Theta method, which is simple exponential smoothing with a drift of half the slope b of the
// least-squares line through the values (Hyndman and Billah 2003, equation 8):
//   y(n+h|n) = l(n) + b/2 (h - 1 + (1 - (1 - alpha)^n) / alpha),
// variance as that of the smoothing, s^2 (1 + (h - 1) alpha^2). Where the values are seasonal, all
// of it is of the seasonally adjusted values (Assimakopoulos and Nikolopoulos 2000, section 3).
#include "models/fits.h"
#include "models/gaussian.h"
#include "models/seasonality.h"
#include "models/smoothing.h"

namespace ara::models {
namespace {

/// Slope of the least-squares line through the values at 0, 1, 2, …
double slope_of(std::span<const double> values) {
  const double n = static_cast<double>(values.size());
  const double middle = (n - 1) / 2;
  double covariance = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    covariance += (static_cast<double>(i) - middle) * (values[i] - values.front());
  }
  return covariance / (n * (n * n - 1) / 12);
}

class Theta final : public GaussianModel {
 public:
  Theta(const ModelRow& row, const Sample& sample, const Setting& setting)
      : GaussianModel(row, setting.scale),
        seasonality_(find_seasonality(sample.values, setting.season,
                                      setting.scale == domain::Scale::level)) {
    std::vector<double> adjusted(sample.values.begin(), sample.values.end());
    for (std::size_t i = 0; i < adjusted.size(); ++i) {
      adjusted[i] = seasonality_.remove(adjusted[i], i % seasonality_.period());
    }
    smoothing_ = fit_smoothing(adjusted);
    half_slope_ = slope_of(adjusted) / 2;
    level_ = smoothing_.initial;
    fitted_.reserve(sample.size());
    for (std::size_t i = 0; i < sample.size(); ++i) {
      fitted_.push_back(seasonality_.restore(level_ + half_slope_ * lag(), phase_));
      Theta::advance(sample[i]);
    }
  }

  void advance(const Observation& seen) override {
    level_ = smoothing_.next_level(level_, seasonality_.remove(seen.value, phase_));
    faded_ = faded_ > 1e-30 ? faded_ * (1 - smoothing_.alpha) : 0;
    last_ = seen.value;
    phase_ = (phase_ + 1) % seasonality_.period();
  }

  std::unique_ptr<Model> clone() const override { return std::make_unique<Theta>(*this); }

  std::unique_ptr<Model> restarted() const override {
    auto copy = std::make_unique<Theta>(*this);
    copy->level_ = smoothing_.initial;
    copy->faded_ = 1;
    copy->phase_ = 0;
    return copy;
  }

 private:
  /// How many steps of the line the level lags behind.
  double lag() const { return (1 - faded_) / smoothing_.alpha; }

  std::pair<double, double> moments(int h) const override {
    const std::size_t phase = (phase_ + static_cast<std::size_t>(h) - 1) % seasonality_.period();
    const double factor = seasonality_.factor(phase);
    const double grown = (h - 1) * smoothing_.alpha * smoothing_.alpha;
    const double ahead = half_slope_ * ((h - 1) + lag());
    // The difference of the two large numbers first: what is left is as exact as they are.
    const double mean = level_ * factor - last_ + seasonality_.term(phase) + ahead * factor;
    return {mean, factor * factor * smoothing_.variance * (1 + grown)};
  }

  Seasonality seasonality_;
  Smoothing smoothing_;
  double half_slope_ = 0;
  double level_ = 0;
  double faded_ = 1;       ///< (1 - alpha)^n
  std::size_t phase_ = 0;  ///< of the next bar
  double last_ = 0;
};

}  // namespace

Fitted fit_theta(const ModelRow& row, const Sample& sample, const Setting& setting) {
  return std::make_unique<Theta>(row, sample, setting);
}

}  // namespace ara::models
