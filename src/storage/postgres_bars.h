#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "storage/postgres_store.h"

/// How rows of symbols and bars are read and written, by PostgresStore and by who moves them
/// between shards.
namespace ara::storage {

// What pg_head_of reads, from column 0.
#define ARA_PG_HEAD "id, symbol, asset_type, revision, content, bars, first, last"
inline constexpr int kPgHeadColumns = 8;

// In a FROM clause: one row if the slot is owned here, else none.
#define ARA_PG_OWNED(slot) \
  "(SELECT 1 FROM owned_slots WHERE slot = " slot " AND state = 'owned') AS here"

/// Rows of heads, one of which a write of a symbol counts up: see postgres_migrations.cpp. One more
/// counts slots that come and go.
inline constexpr int kHeadParts = 64;

struct PgHead {
  std::int64_t id = 0;
  SymbolRow row;
};
Result<PgHead> pg_head_of(const PgRows& rows, int row);

/// Of the columns time, open, high, low, close, adjusted_close, volume from `first` on.
domain::Bar pg_bar_of(const PgRows& rows, int row, int first);

/// Writes bars that are not there.
Result<void> copy_bars(PgConnection& connection, int slot, std::int64_t symbol_id,
                       std::span<const domain::Bar> bars);

std::vector<int> slots_of_batch(std::span<const SymbolBars> batch);

/// put_all_bars of a batch that was checked, within a transaction that holds its slots.
Result<std::vector<PutOutcome>> write_bars(PgConnection& connection,
                                           std::span<const SymbolBars> batch);

}  // namespace ara::storage
