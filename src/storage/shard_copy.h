#pragma once

#include <cstdint>

#include "storage/postgres_store.h"

namespace ara::storage {

/// Rows of a range of slots.
struct RowCounts {
  std::uint64_t symbols = 0;
  std::uint64_t bars = 0;
  std::uint64_t forecasts = 0;
};

/// Makes the rows of `slots` in `target`, which must be incoming there and stay so until its
/// transaction ends (else moved()), those of `source`: copies what differs, reads every bar copied
/// back and compares it. Whatever was there before, from an earlier try or another mover, is made
/// right. Of `source` each symbol is read as one snapshot; if its slots are locked there, the
/// result is the whole. Counts all rows of the range, copied now or found.
Result<RowCounts> copy_difference(PgConnection& source, PgConnection& target, SlotRange slots);

/// Deletes the rows of those of `slots` that have left, within a transaction.
Result<void> delete_gone(PgConnection& connection, SlotRange slots);

}  // namespace ara::storage
