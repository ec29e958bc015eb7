// Autoregression of the seasonal differences: it follows a level that drifts, where that of the
// values themselves returns to a mean.
#include "models/autoregression.h"

namespace ara::models {
namespace {

constexpr std::size_t kFewest = 3;  ///< fewer seasons: of the differences from bar to bar

}  // namespace

Fitted fit_seasonal_ar(const ModelRow& row, const Sample& sample, const Setting& setting) {
  const bool enough = sample.size() >= kFewest * static_cast<std::size_t>(setting.season);
  return make_autoregression(row, sample, setting, enough ? setting.season : 1);
}

}  // namespace ara::models
