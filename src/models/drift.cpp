// Random walk with drift: y(t+1) = y(t) + b + e. The drift is the mean difference; the variance of
// the change over h sessions is s^2 (h + h^2 / (T - 1)), the second term being the uncertainty of
// the drift (Hyndman and Athanasopoulos, FPP3, section 5.5).
#include "models/fits.h"
#include "models/gaussian.h"

namespace ara::models {
namespace {

class Drift final : public GaussianModel {
 public:
  Drift(const ModelRow& row, const Sample& sample, domain::Scale scale)
      : GaussianModel(row, scale) {
    fitted_.assign(sample.values.begin(), sample.values.end());
    const auto values = sample.values;
    differences_ = static_cast<double>(values.size() - 1);
    drift_ = (values.back() - values.front()) / differences_;
    double squares = 0;
    for (std::size_t i = 1; i < values.size(); ++i) {
      fitted_[i] = values[i - 1] + drift_;
      const double error = values[i] - fitted_[i];
      squares += error * error;
    }
    variance_ = squares / (differences_ - 1);
  }

  /// The change from the last value has the same distribution whatever that value is.
  void advance(const Observation&) override {}

  std::unique_ptr<Model> clone() const override { return std::make_unique<Drift>(*this); }
  std::unique_ptr<Model> restarted() const override { return clone(); }

 private:
  std::pair<double, double> moments(int h) const override {
    const double steps = h;
    return {steps * drift_, variance_ * (steps + steps * steps / differences_)};
  }

  double differences_ = 0;  ///< T - 1
  double drift_ = 0;
  double variance_ = 0;  ///< of one difference
};

}  // namespace

Fitted fit_drift(const ModelRow& row, const Sample& sample, const Setting& setting) {
  return std::make_unique<Drift>(row, sample, setting.scale);
}

}  // namespace ara::models
