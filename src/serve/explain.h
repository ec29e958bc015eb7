#pragma once

#include <span>

#include "domain/forecast.h"
#include "models/model.h"

namespace ara::serve {

/// What a forecast is made of, and what its numbers say in sentences that state nothing else.
///
/// Where the model read features, the factors are their contributions (TreeSHAP) to the median of
/// the next session's change and the importances their shares of all contributions' sizes; else the
/// factors are the members, each contributing weight times its own median change to the last
/// session, and the importances are the weights. `forecast` has its days, components, confidence
/// and regime; `members` are model.members(horizon); `bars` those that the model saw.
domain::Explanation explain(const domain::Forecast& forecast, const models::Model& model,
                            std::span<const models::Path> members,
                            std::span<const domain::Bar> bars);

}  // namespace ara::serve
