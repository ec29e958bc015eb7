// Automatic exponential smoothing: every admissible form is estimated, that of least AICc is taken
// (Hyndman, Koehler, Snyder and Grose 2002, A state space framework for automatic forecasting;
// HKOS chapter 7). On Scale::log only additive forms, which there multiply.
#include "models/ets_model.h"

namespace ara::models {

Fitted fit_ets(const ModelRow& row, const Sample& sample, const Setting& setting) {
  const bool may_multiply = setting.scale == domain::Scale::level;
  return make_ets_model(row, sample, setting.scale,
                        select_ets(sample.values, setting.season, may_multiply));
}

}  // namespace ara::models
