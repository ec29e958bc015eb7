#pragma once

#include <span>
#include <vector>

#include "storage/postgres_store.h"

namespace ara::storage {

/// Makes the settlements of `slots` in `target` those of `source`, row by row, and compares them
/// afterwards; how many there are. Both are read as one snapshot each.
Result<std::uint64_t> copy_settlements(PgConnection& source, PgConnection& target, SlotRange slots);

}  // namespace ara::storage
