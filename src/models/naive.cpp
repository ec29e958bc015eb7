// The random walk, y(t+1) = y(t) + e: the variance of the change over h sessions is s^2 h, with s^2
// the mean squared difference (Hyndman and Athanasopoulos, FPP3, sections 5.2 and 5.5).
#include "models/fits.h"
#include "models/gaussian.h"

namespace ara::models {
namespace {

class Naive final : public GaussianModel {
 public:
  Naive(const ModelRow& row, const Sample& sample, domain::Scale scale)
      : GaussianModel(row, scale) {
    const auto values = sample.values;
    fitted_.assign(values.begin(), values.end());
    double squares = 0;
    for (std::size_t i = 1; i < values.size(); ++i) {
      fitted_[i] = values[i - 1];
      squares += (values[i] - fitted_[i]) * (values[i] - fitted_[i]);
    }
    variance_ = squares / static_cast<double>(values.size() - 1);
  }

  /// The change from the last value has the same distribution whatever that value is.
  void advance(const Observation&) override {}

  std::unique_ptr<Model> clone() const override { return std::make_unique<Naive>(*this); }
  std::unique_ptr<Model> restarted() const override { return clone(); }

 private:
  std::pair<double, double> moments(int h) const override { return {0, variance_ * h}; }

  double variance_ = 0;  ///< of one difference
};

}  // namespace

Fitted fit_naive(const ModelRow& row, const Sample& sample, const Setting& setting) {
  return std::make_unique<Naive>(row, sample, setting.scale);
}

}  // namespace ara::models
