// Holt's linear trend method as the state-space model ETS(A,A,N).
#include "models/ets_model.h"

namespace ara::models {

Fitted fit_holt(const ModelRow& row, const Sample& sample, const Setting& setting) {
  return make_ets_model(row, sample, setting.scale,
                        *fit_ets_form({.trend = EtsTrend::additive}, sample.values, 1));
}

}  // namespace ara::models
