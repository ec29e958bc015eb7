#pragma once

#include "registry/lineup.h"
#include "storage/store.h"

namespace ara::serve {

/// Makes by `next` the forecasts that the store holds of `now`, which are those that were asked for
/// lately, and stores them, so that servers find them there when the lineup changes and need not
/// all compute at once. Stops at the deadline: what is not made then is made when it is asked for.
/// How many were made.
Result<std::size_t> carry_over(storage::Store& store, const registry::Lineup& now,
                               const registry::Lineup& next, Deadline deadline, const Clock& clock);

}  // namespace ara::serve
