#pragma once

#include <memory>

#include "models/model.h"

namespace ara::onnx {

/// The fit of a UserModel's row. Code::invalid where the graph does not answer at the newest bar.
Result<std::unique_ptr<models::Model>> fit_user_model(const models::ModelRow& row,
                                                      const models::Sample& sample,
                                                      const models::Setting& setting);

}  // namespace ara::onnx
