// Simple exponential smoothing; the variance h sessions ahead is s^2 (1 + (h - 1) alpha^2)
// (Hyndman et al. 2008, table 6.1, ETS(A,N,N)).
#include "models/fits.h"
#include "models/gaussian.h"
#include "models/smoothing.h"

namespace ara::models {
namespace {

class Ses final : public GaussianModel {
 public:
  Ses(const ModelRow& row, const Sample& sample, domain::Scale scale)
      : GaussianModel(row, scale),
        smoothing_(fit_smoothing(sample.values)),
        level_(smoothing_.initial) {
    fitted_ = levels_before(smoothing_, sample.values);
    for (std::size_t i = 0; i < sample.size(); ++i) Ses::advance(sample[i]);
  }

  void advance(const Observation& seen) override {
    level_ = smoothing_.next_level(level_, seen.value);
    last_ = seen.value;
  }

  std::unique_ptr<Model> clone() const override { return std::make_unique<Ses>(*this); }

  std::unique_ptr<Model> restarted() const override {
    auto copy = std::make_unique<Ses>(*this);
    copy->level_ = smoothing_.initial;
    return copy;
  }

 private:
  std::pair<double, double> moments(int h) const override {
    const double grown = (h - 1) * smoothing_.alpha * smoothing_.alpha;
    return {level_ - last_, smoothing_.variance * (1 + grown)};
  }

  Smoothing smoothing_;
  double level_;
  double last_ = 0;
};

}  // namespace

Fitted fit_ses(const ModelRow& row, const Sample& sample, const Setting& setting) {
  return std::make_unique<Ses>(row, sample, setting.scale);
}

}  // namespace ara::models
