#include "storage/postgres_store.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <random>

#include "base/format.h"
#include "storage/patience.h"
#include "storage/postgres_migrations.h"

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

Result<bool> PgAttempt::begin(PgConnection& connection) const {
  // One round trip. The row of an earlier try is written again, so that this transaction's commit
  // waits for the standby, and thereby for that one's.
  const auto begun = connection.run(ara::format(
      "BEGIN; SET LOCAL statement_timeout = {}; "
      "INSERT INTO commits (token) VALUES ('\\x{}') ON CONFLICT (token) DO UPDATE SET at = now() "
      "RETURNING xmax <> 0",
      std::max<std::int64_t>(1, connection.left().count()), token_));
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
  if (error.code != Code::unavailable) return false;
  const SteadyTime next = system_clock().steady() + pause_;
  if (next >= std::min(call.deadline.at, give_up_)) return false;
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable().wait_until(lock, next, [] { return false; });
  pause_ = std::min(2 * pause_, kLongestPause);
  return true;
}

PostgresStore::PostgresStore(PgPlace place, PgRole role, const PgPoolLimits& limits)
    : pool_(std::move(place), role, limits) {}

Result<std::unique_ptr<PostgresStore>> PostgresStore::open(const PgPlace& place, PgRole role,
                                                           const PgPoolLimits& limits) {
  auto store = std::make_unique<PostgresStore>(place, role, limits);
  if (role != PgRole::primary) return store;
  const Call call{Deadline::after(kPatience)};
  auto connection = store->pool_.take(call);
  if (!connection) return std::unexpected(connection.error());
  if (auto made = migrate(**connection, place); !made) return std::unexpected(made.error());
  return store;
}

Result<PostgresStore::Standing> PostgresStore::standing(const Call& call) {
  auto connection = pool_.take(call);
  if (!connection) return std::unexpected(connection.error());
  const auto row = (*connection)
                       ->ask(
                           "SELECT standby, (CASE WHEN standby THEN pg_last_wal_replay_lsn() "
                           "ELSE pg_current_wal_lsn() END - '0/0'::pg_lsn)::bigint, "
                           "(CASE WHEN standby THEN greatest(pg_last_wal_receive_lsn(), "
                           "pg_last_wal_replay_lsn()) ELSE '0/0'::pg_lsn END - '0/0'::pg_lsn)"
                           "::bigint FROM pg_is_in_recovery() standby");
  if (!row) return std::unexpected(row.error());
  return Standing{row->flag(0, 0), static_cast<std::uint64_t>(row->integer(0, 1)),
                  static_cast<std::uint64_t>(row->integer(0, 2))};
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

Result<std::uint64_t> PostgresStore::read_version(std::string_view name, const Call& call) {
  return read(call, [&](PgConnection& connection) -> Result<std::uint64_t> {
    const auto row =
        connection.ask("SELECT version, " ARA_PG_POSITION " FROM versions WHERE name = $1", name);
    if (!row) return std::unexpected(row.error());
    if (row->empty()) return fail(Code::corrupt, "the store has lost a row of its versions");
    know(static_cast<std::uint64_t>(row->integer(0, 1)));
    return static_cast<std::uint64_t>(row->integer(0, 0));
  });
}

Result<std::uint64_t> PostgresStore::registry_version(const Call& call) {
  return read_version("registry", call);
}

Result<std::uint64_t> PostgresStore::accounts_version(const Call& call) {
  return read_version("accounts", call);
}

Result<std::unique_ptr<Store>> open_postgres(const std::string& uri, const StoreOptions& options) {
  const auto place = PgPlace::parse(uri);
  if (!place) return std::unexpected(place.error());
  // With several servers, one of them is a member that may be read and the primary as well.
  const bool replicated = place->hosts.size() > 1;
  const std::size_t most = std::max<std::size_t>(2, options.connections / (replicated ? 2 : 1));
  const PgPoolLimits limits{.size = (2 * most + 2) / 3,
                            .overflow = most - (2 * most + 2) / 3,
                            .wait = options.wait,
                            .max_age = options.connection_age};
  if (replicated) return open_replicated(*place, limits);
  return PostgresStore::open(*place, PgRole::primary, limits);
}

}  // namespace ara::storage
