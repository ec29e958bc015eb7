// The damped trend method of Gardner and McKenzie (1985) as the state-space model ETS(A,Ad,N).
#include "models/ets_model.h"

namespace ara::models {

Fitted fit_damped(const ModelRow& row, const Sample& sample, const Setting& setting) {
  return make_ets_model(row, sample, setting.scale,
                        *fit_ets_form({.trend = EtsTrend::damped}, sample.values, 1));
}

}  // namespace ara::models
