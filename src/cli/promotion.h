#pragma once

#include "registry/shelf.h"
#include "registry/version.h"

namespace ara::cli {

/// Before a version is promoted: makes by it the forecasts that were asked for lately, for at most
/// half a minute, so that servers need not make them all at once when it serves.
Result<void> prepare(storage::Store& store, const registry::Shelf& shelf,
                     const registry::Version& heir);

}  // namespace ara::cli
