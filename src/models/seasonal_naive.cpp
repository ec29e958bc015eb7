// Each season is the last one again, y(t) = y(t-m) + e: the variance k + 1 seasons on is
// s^2 (k + 1), with s^2 the mean squared seasonal difference (Hyndman and Athanasopoulos, FPP3,
// sections 5.2 and 5.5). With a season of 1, or not more than one whole season to learn from, it is
// the random walk.
#include <algorithm>

#include "models/fits.h"
#include "models/gaussian.h"

namespace ara::models {
namespace {

class SeasonalNaive final : public GaussianModel {
 public:
  SeasonalNaive(const ModelRow& row, const Sample& sample, const Setting& setting)
      : GaussianModel(row, setting.scale) {
    const auto values = sample.values;
    const auto season = static_cast<std::size_t>(std::max(1, setting.season));
    newest_.assign(season + 1 < values.size() ? season : 1, values.front());
    fitted_.assign(values.begin(), values.end());
    double squares = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i >= newest_.size()) {
        fitted_[i] = newest_[at_];
        squares += (values[i] - fitted_[i]) * (values[i] - fitted_[i]);
      }
      SeasonalNaive::advance(sample[i]);
    }
    variance_ = squares / static_cast<double>(values.size() - newest_.size());
  }

  void advance(const Observation& seen) override {
    // Until a whole season is there, its empty places hold the first value.
    if (fresh_) std::ranges::fill(newest_, seen.value);
    fresh_ = false;
    newest_[at_] = seen.value;
    last_ = seen.value;
    at_ = (at_ + 1) % newest_.size();
  }

  std::unique_ptr<Model> clone() const override { return std::make_unique<SeasonalNaive>(*this); }

  std::unique_ptr<Model> restarted() const override {
    auto copy = std::make_unique<SeasonalNaive>(*this);
    copy->at_ = 0;
    copy->fresh_ = true;
    return copy;
  }

 private:
  std::pair<double, double> moments(int h) const override {
    const std::size_t ahead = static_cast<std::size_t>(h) - 1;
    const double seasons = static_cast<double>(ahead / newest_.size() + 1);
    return {newest_[(at_ + ahead) % newest_.size()] - last_, variance_ * seasons};
  }

  std::vector<double> newest_;  ///< the newest season, in a ring
  std::size_t at_ = 0;          ///< where in it the next bar goes
  bool fresh_ = true;           ///< before the first bar
  double last_ = 0;
  double variance_ = 0;  ///< of one seasonal difference
};

}  // namespace

Fitted fit_seasonal_naive(const ModelRow& row, const Sample& sample, const Setting& setting) {
  return std::make_unique<SeasonalNaive>(row, sample, setting);
}

}  // namespace ara::models
