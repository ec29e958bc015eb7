#pragma once

#include "models/ets_fit.h"
#include "models/fits.h"

namespace ara::models {

/// The model of a fitted form of exponential smoothing.
std::unique_ptr<Model> make_ets_model(const ModelRow& row, const Sample& sample,
                                      domain::Scale scale, EtsFit fit);

}  // namespace ara::models
