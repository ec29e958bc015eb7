#include "storage/postgres_store.h"

#include <algorithm>
#include <random>

#include "base/format.h"
#include "storage/patience.h"

namespace ara::storage {
namespace {

constexpr std::chrono::milliseconds kLongestPause{250};

/// Of the text of a number without fraction.
std::uint64_t parse_position(std::string_view text) {
  std::uint64_t position = 0;
  for (const char digit : text) position = 10 * position + static_cast<std::uint64_t>(digit - '0');
  return position;
}

}  // namespace

PgAttempt::PgAttempt() : give_up_(system_clock().steady() + kPatience) {
  std::random_device random;
  for (int i = 0; i < 4; ++i) token_ += ara::format("{:08x}", random());
}

void sort_slots(std::vector<int>& slots) {
  std::ranges::sort(slots);
  const auto twice = std::ranges::unique(slots);
  slots.erase(twice.begin(), twice.end());
}

std::string pg_array(std::span<const int> numbers) {
  std::string text = "{";
  for (const int number : numbers) text += ara::format("{}{}", text.size() > 1 ? "," : "", number);
  return text + "}";
}

Result<bool> PgAttempt::begin(PgConnection& connection, std::span<const int> slots) const {
  // One round trip. The row of an earlier try is written again, so that this transaction's commit
  // waits for the standby, and thereby for that one's.
  const auto begun = connection.run(ara::format(
      "BEGIN; SET LOCAL statement_timeout = {}; "
      "INSERT INTO commits (token) VALUES ('\\x{}') ON CONFLICT (token) DO UPDATE SET at = now() "
      "RETURNING xmax <> 0{}",
      std::max<std::int64_t>(1, connection.left().count()), token_,
      slots.empty()
          ? ""
          : ara::format(", CASE WHEN xmax = 0 THEN hold_slots('{}') END", pg_array(slots))));
  if (!begun) {
    roll_back(connection);
    return std::unexpected(begun.error());
  }
  return begun->flag(0, 0);
}

Result<std::uint64_t> PgAttempt::commit(PgConnection& connection) {
  // A timeout would end the wait for the standby, and the commit would stand all the same.
  const auto done = connection.run(
      "SET LOCAL statement_timeout = 0; COMMIT; "
      "SELECT pg_current_wal_lsn() - '0/0'::pg_lsn");
  if (!done) return std::unexpected(done.error());
  if (connection.warned()) {
    return fail(Code::unavailable, "PostgreSQL: committed, but perhaps on one server only");
  }
  return parse_position(done->text(0, 0));
}

void PgAttempt::roll_back(PgConnection& connection) {
  // Where it fails the pool lets go of the connection, which ends the transaction as well.
  if (connection.healthy() && connection.in_transaction()) (void)connection.run("ROLLBACK");
}

bool PgAttempt::again(const Error& error, const Call& call) {
  if (error.code != Code::unavailable || is_moved(error)) return false;
  const SteadyTime next = system_clock().steady() + pause_;
  if (next >= std::min(call.deadline.at, give_up_)) return false;
  pause_until(next);
  pause_ = std::min(2 * pause_, kLongestPause);
  return true;
}

PostgresStore::PostgresStore(PgPlace place, PgRole role, const PgPoolLimits& limits,
                             DbMetersPtr meters)
    : pool_(std::move(place), role, limits, std::move(meters)) {}

Result<PostgresStore::Standing> PostgresStore::standing(const Call& call) {
  auto connection = pool_.take(call, DbOperation::fleet);
  if (!connection) return std::unexpected(connection.error());
  const auto row = (*connection)
                       ->ask(
                           "SELECT standby, (CASE WHEN standby THEN pg_last_wal_replay_lsn() "
                           "ELSE pg_current_wal_lsn() END - '0/0'::pg_lsn)::bigint, "
                           "(CASE WHEN standby THEN greatest(pg_last_wal_receive_lsn(), "
                           "pg_last_wal_replay_lsn()) ELSE '0/0'::pg_lsn END - '0/0'::pg_lsn)"
                           "::bigint, CASE WHEN standby THEN pg_is_wal_replay_paused() "
                           "ELSE false END FROM pg_is_in_recovery() standby");
  if (!row) return std::unexpected(row.error());
  return Standing{row->flag(0, 0), static_cast<std::uint64_t>(row->integer(0, 1)),
                  static_cast<std::uint64_t>(row->integer(0, 2)), row->flag(0, 3)};
}

void PostgresStore::know(std::uint64_t position) {
  std::uint64_t known = known_.load(std::memory_order_relaxed);
  while (known < position && !known_.compare_exchange_weak(known, position)) {
  }
}

Result<void> count_change(PgConnection& connection, std::string_view name) {
  return only_done(
      connection.ask("UPDATE versions SET version = version + 1 WHERE name = $1", name));
}

Result<std::uint64_t> PostgresStore::read_version(DbOperation operation, std::string_view name,
                                                  const Call& call) {
  return read(operation, call, [&](PgConnection& connection) -> Result<std::uint64_t> {
    const auto row =
        connection.ask("SELECT version, " ARA_PG_POSITION " FROM versions WHERE name = $1", name);
    if (!row) return std::unexpected(row.error());
    if (row->empty()) return fail(Code::corrupt, "the store has lost a row of its versions");
    know(static_cast<std::uint64_t>(row->integer(0, 1)));
    return static_cast<std::uint64_t>(row->integer(0, 0));
  });
}

Result<std::uint64_t> PostgresStore::registry_version(const Call& call) {
  return read_version(DbOperation::models, "registry", call);
}

Result<WallTime> PostgresStore::last_backup(const Call& call) {
  return read(DbOperation::fleet, call, [](PgConnection& connection) -> Result<WallTime> {
    const auto row = connection.ask("SELECT newest FROM backups");
    if (!row) return std::unexpected(row.error());
    if (row->empty()) return fail(Code::corrupt, "the store has lost its row of backups");
    return wall_time(row->integer(0, 0));
  });
}

Result<std::uint64_t> PostgresStore::accounts_version(const Call& call) {
  return read_version(DbOperation::accounts, "accounts", call);
}

Result<std::uint64_t> PostgresStore::map_epoch(const Call& call) {
  return read_version(DbOperation::fleet, "shards", call);
}

}  // namespace ara::storage
