#include "models/autoregression.h"

namespace ara::models {

Fitted fit_ar(const ModelRow& row, const Sample& sample, const Setting& setting) {
  return make_autoregression(row, sample, setting, 0);
}

}  // namespace ara::models
