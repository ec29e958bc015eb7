// GARCH(1,1) with Student-t errors (Bollerslev 1987) and filtered historical simulation.
#include "models/filtered.h"

namespace ara::models {

Fitted fit_garch_fhs(const ModelRow& row, const Sample& sample, const Setting& setting) {
  return fit_filtered(row, sample, setting, Leverage::none);
}

}  // namespace ara::models
