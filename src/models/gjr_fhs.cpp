// GARCH(1,1) in which falls move the variance more than rises do (Glosten, Jagannathan and Runkle
// 1993), with Student-t errors and filtered historical simulation; the mean change is drawn to the
// premium (premium.h).
#include "models/filtered.h"

namespace ara::models {

Fitted fit_gjr_fhs(const ModelRow& row, const Sample& sample, const Setting& setting) {
  return fit_filtered(row, sample, setting, Leverage::gjr);
}

}  // namespace ara::models
