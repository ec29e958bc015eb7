#include "storage/shard_mover.h"

#include "storage/postgres_joint.h"
#include "storage/reshard_record.h"

namespace ara::storage {
namespace {

/// Copying goes on until a round takes no longer than this, but for so many rounds at most.
constexpr std::chrono::milliseconds kShortRound{200};
constexpr int kMostRounds = 4;

std::unexpected<Error> mover_stopped() {
  return fail(Code::unavailable, "the reshard was stopped; the same command goes on with it");
}

/// What tells nodes with an old map that heads are elsewhere now.
Result<void> count_slots_changed(PgConnection& connection) {
  return only_done(connection.ask("UPDATE heads SET version = version + 1 WHERE part = 64"));
}

/// The writers of these slots have ended, and none begins before this transaction has.
Result<void> let_go(PgConnection& connection, SlotRange slots) {
  const auto gone = connection.ask(
      "WITH held AS MATERIALIZED (SELECT slot FROM owned_slots WHERE slot BETWEEN $1 AND $2 "
      "AND state = 'owned' ORDER BY slot FOR UPDATE) "
      "UPDATE owned_slots o SET state = 'gone' FROM held WHERE o.slot = held.slot",
      slots.first, slots.last);
  if (!gone) return std::unexpected(gone.error());
  if (gone->changed() != static_cast<std::uint64_t>(slots.size())) {
    return std::unexpected(moved());
  }
  return count_slots_changed(connection);
}

Result<void> take_up(PgConnection& connection, SlotRange slots) {
  return only_done(
             connection.ask("UPDATE owned_slots SET state = 'owned' WHERE slot BETWEEN $1 AND $2",
                            slots.first, slots.last))
      .and_then([&] { return count_slots_changed(connection); });
}

}  // namespace

Result<RowCounts> ShardMover::move(const SlotMove& move) {
  if (stop("mark")) return mover_stopped();
  if (auto marked = mark(move); !marked) return std::unexpected(marked.error());
  RowCounts rows;
  for (int round = 0; round < kMostRounds; ++round) {
    if (stop("copy")) return mover_stopped();
    const SteadyTime begun = system_clock().steady();
    const auto copied = copy(move);
    if (!copied) return copied;
    rows = *copied;
    if (system_clock().steady() - begun < kShortRound) break;
  }
  if (stop("freeze")) return mover_stopped();
  const SteadyTime begun = system_clock().steady();
  if (auto done = hand_over(move, rows); !done) return std::unexpected(done.error());
  freeze_ = std::chrono::ceil<std::chrono::milliseconds>(system_clock().steady() - begun);
  return rows;
}

Result<void> ShardMover::mark(const SlotMove& move) {
  // Of an earlier stay here there may be rows that were not deleted yet; copying makes them right.
  return target_.write(DbOperation::fleet, Call{}, [&](PgConnection& connection) {
    return only_done(connection.ask(
        "INSERT INTO owned_slots (slot, state) SELECT slot, 'incoming' "
        "FROM generate_series($1::bigint, $2::bigint) slot ORDER BY slot "
        "ON CONFLICT (slot) DO UPDATE SET state = 'incoming' WHERE owned_slots.state = 'gone'",
        move.slots.first, move.slots.last));
  });
}

Result<RowCounts> ShardMover::copy(const SlotMove& move) {
  return target_.write(DbOperation::fleet, Call{}, [&](PgConnection& target) -> Result<RowCounts> {
    auto source = source_.connection(Call{});
    if (!source) return std::unexpected(source.error());
    return copy_difference(**source, target, move.slots);
  });
}

Result<void> ShardMover::hand_over(const SlotMove& move, const RowCounts& rows) {
  PgConnection* source = nullptr;
  JointWrite joint{
      .catalog = &catalog_,
      .write = [&](PgConnection& connection) { return record_move(connection, move, rows); },
      .parts = {},
      .stop_before = watch_.stop_before};
  joint.parts.push_back({move.source, &source_,
                         [&](PgConnection& connection) {
                           source = &connection;
                           return let_go(connection, move.slots);
                         },
                         std::nullopt});
  // After the source has let go: at no moment do two shards answer for a slot.
  joint.parts.push_back(
      {move.target, &target_,
       [&](PgConnection& connection) {
         return copy_difference(*source, connection, move.slots).and_then([&](const RowCounts&) {
           return take_up(connection, move.slots);
         });
       },
       move.source});
  return commit_jointly(joint, Call{});
}

Result<void> ShardMover::clean(const SlotMove& move) {
  if (stop("clean")) return mover_stopped();
  return source_.write(DbOperation::fleet, Call{}, [&](PgConnection& connection) {
    return delete_gone(connection, move.slots);
  });
}

}  // namespace ara::storage
