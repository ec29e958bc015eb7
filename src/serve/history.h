#pragma once

#include <span>
#include <vector>

#include "domain/period.h"
#include "portfolio/history.h"
#include "storage/store.h"

namespace ara::serve {

/// The returns of `symbols` over the period that ends with the newest session of the one that ends
/// first. Code::not_found on field "assets" for an unknown symbol; Code::invalid as
/// portfolio::align.
Result<portfolio::History> read_history(storage::Store& store,
                                        std::span<const domain::Symbol> symbols,
                                        const domain::Period& period, const Call& call);

}  // namespace ara::serve
