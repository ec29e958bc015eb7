#pragma once

#include <optional>
#include <string>
#include <vector>

#include "storage/postgres_store.h"
#include "storage/reshard.h"

/// What the catalog keeps of a reshard, so that it can be gone on with. All within transactions of
/// the caller.
namespace ara::storage {

struct ReshardWork {
  ReshardRequest request;
  ShardRow shard;
  bool planned = false;
  std::uint64_t symbols = 0;
};
struct RecordedMove {
  SlotMove move;
  bool done = false;
  RowCounts rows;
};

/// The fleet's name, made when it is first asked for.
Result<std::string> fleet_name(PgConnection& connection);

/// Begins the work, or takes it over from a holder that was not heard of for a while:
/// Code::overloaded while another is at it. Nothing where there is nothing to do.
Result<std::optional<ReshardWork>> begin_work(PgConnection& connection,
                                              const ReshardRequest& request,
                                              const std::string& holder);
/// Code::conflict if another has taken over.
Result<void> renew_work(PgConnection& connection, const std::string& holder);
Result<void> release_work(PgConnection& connection, const std::string& holder);
Result<std::optional<ReshardWork>> read_work(PgConnection& connection);
Result<void> record_plan(PgConnection& connection, const std::vector<SlotMove>& moves,
                         std::uint64_t symbols);
Result<std::vector<RecordedMove>> read_moves(PgConnection& connection);
/// Changes the map and ticks the move off; moved() if that was done before.
Result<void> record_move(PgConnection& connection, const SlotMove& move, const RowCounts& rows);
/// The end; a shard that was removed is forgotten.
Result<void> end_work(PgConnection& connection, const ReshardWork& work);

}  // namespace ara::storage
