// The settlements of SqliteStore.
#include <algorithm>

#include "storage/settlement_rows.h"
#include "storage/sqlite_store.h"

namespace ara::storage {
namespace {

/// Rows deleted in one transaction, so that other writers are not held up for long.
constexpr int kSettlementsAtOnce = 2000;

// What read_expectation reads.
#define ARA_EXPECTATION \
  "symbol, as_of, model_version, day, forecast, asset_type, due, scale, price, change, created"

Result<ExpectationRow> read_expectation(const SqliteStatement& row) {
  return expectation_of({.symbol = row.text(0),
                         .as_of = row.integer(1),
                         .model_version = row.text(2),
                         .day = row.integer(3),
                         .forecast = row.text(4),
                         .asset_type = row.text(5),
                         .due = row.integer(6),
                         .scale = row.text(7),
                         .price = row.real(8),
                         .change = row.text(9),
                         .created = row.integer(10)});
}

Result<std::uint64_t> end_one(SqliteConnection& connection, const SettlementRow& row) {
  const SettlementKey& key = row.key;
  Result<void> done;
  if (row.outcome) {
    const Outcome& outcome = *row.outcome;
    done = connection
               .prepare(
                   "UPDATE settlements SET settled = ?, outcome = ?, error = ?, inside = ?, "
                   "crps = ?, walk_crps = ? WHERE symbol = ? AND as_of = ? AND model_version = ? "
                   "AND day = ? AND settled = 0")
               .bind(microseconds(row.settled), outcome.change, outcome.error, outcome.inside,
                     outcome.crps, outcome.walk_crps, key.symbol.text(), seconds_of(key.as_of),
                     key.model_version, key.day)
               .run();
  } else {
    done = connection
               .prepare(
                   "DELETE FROM settlements WHERE symbol = ? AND as_of = ? AND model_version = ? "
                   "AND day = ? AND settled = 0")
               .bind(key.symbol.text(), seconds_of(key.as_of), key.model_version, key.day)
               .run();
  }
  if (!done) return std::unexpected(done.error());
  return connection.changed();
}

}  // namespace

Result<void> SqliteStore::expect(std::span<const ExpectationRow> rows, const Call& call) {
  if (rows.empty()) return {};
  auto connection = writer(call, Sync::none, DbOperation::settlements);
  if (!connection) return std::unexpected(connection.error());
  auto transaction = SqliteTransaction::begin(**connection, SqliteTransaction::Kind::write);
  if (!transaction) return std::unexpected(transaction.error());
  SqliteStatement insert =
      (*connection)
          ->prepare("INSERT INTO settlements (" ARA_EXPECTATION
                    ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING");
  for (const ExpectationRow& row : rows) {
    auto done =
        insert
            .bind(row.key.symbol.text(), seconds_of(row.key.as_of), row.key.model_version,
                  row.key.day, SqliteBlob{to_bytes(row.forecast)},
                  domain::describe(row.asset_type).name, seconds_of(row.due), to_string(row.scale),
                  row.price, SqliteBlob{to_bytes(row.change)}, microseconds(row.created))
            .run();
    if (!done) return done;
  }
  return transaction->commit();
}

Result<std::vector<ExpectationRow>> SqliteStore::lease_settlements(WallTime now, WallTime until,
                                                                   domain::Date today,
                                                                   std::size_t limit,
                                                                   const Call& call) {
#define ARA_DUE                                                                                   \
  "FROM settlements x JOIN symbols s ON s.symbol = x.symbol WHERE x.settled = 0 AND x.due <= ?1 " \
  "AND x.due <= s.last AND x.leased_until <= ?2"
  {  // Who looks often should not take the write lock for nothing.
    auto reader = readers_.take(call, DbOperation::settlements);
    if (!reader) return std::unexpected(reader.error());
    SqliteStatement any = (*reader)->prepare("SELECT 1 " ARA_DUE " LIMIT 1");
    const auto row = any.bind(seconds_of(today), microseconds(now)).step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return std::vector<ExpectationRow>();
  }
  auto connection = writer(call, Sync::none, DbOperation::settlements);
  if (!connection) return std::unexpected(connection.error());
  auto transaction = SqliteTransaction::begin(**connection, SqliteTransaction::Kind::write);
  if (!transaction) return std::unexpected(transaction.error());
  std::vector<ExpectationRow> leased;
  {
    SqliteStatement rows =
        (*connection)
            ->prepare(
                "UPDATE settlements SET leased_until = ?3 WHERE rowid IN (SELECT x.rowid " ARA_DUE
                " ORDER BY x.symbol LIMIT ?4) RETURNING " ARA_EXPECTATION);
    for (rows.bind(seconds_of(today), microseconds(now), microseconds(until), limit);;) {
      const auto row = rows.step();
      if (!row) return std::unexpected(row.error());
      if (!*row) break;
      auto read = read_expectation(rows);
      if (!read) return std::unexpected(read.error());
      leased.push_back(std::move(*read));
    }
  }
  if (auto done = transaction->commit(); !done) return std::unexpected(done.error());
  std::ranges::stable_sort(leased, {}, [](const ExpectationRow& row) { return row.key.symbol; });
  return leased;
}

Result<std::uint64_t> SqliteStore::settle(std::span<const SettlementRow> rows, const Call& call) {
  if (rows.empty()) return 0;
  auto connection = writer(call, Sync::full, DbOperation::settlements);
  if (!connection) return std::unexpected(connection.error());
  auto transaction = SqliteTransaction::begin(**connection, SqliteTransaction::Kind::write);
  if (!transaction) return std::unexpected(transaction.error());
  std::uint64_t ended = 0;
  for (const SettlementRow& row : rows) {
    const auto done = end_one(**connection, row);
    if (!done) return done;
    ended += *done;
  }
  auto done =
      note_write(**connection, Changed::nothing).and_then([&] { return transaction->commit(); });
  if (!done) return std::unexpected(done.error());
  return ended;
}

Result<std::vector<SettlementRow>> SqliteStore::settled(domain::AssetType asset_type,
                                                        std::size_t limit, const Call& call) {
  auto connection = readers_.take(call, DbOperation::settlements);
  if (!connection) return std::unexpected(connection.error());
  SqliteStatement rows =
      (*connection)
          ->prepare(
              "SELECT symbol, as_of, model_version, day, outcome, error, inside, crps, walk_crps, "
              "settled FROM settlements WHERE asset_type = ? AND settled > 0 "
              "ORDER BY settled DESC, symbol, as_of, model_version, day LIMIT ?");
  std::vector<SettlementRow> found;
  for (rows.bind(domain::describe(asset_type).name, limit);;) {
    const auto row = rows.step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return found;
    const auto symbol = domain::Symbol::parse(rows.text(0));
    if (!symbol) return fail(Code::corrupt, "a settlement is of a symbol which is none");
    found.push_back({{*symbol, date_at(rows.integer(1)), std::string(rows.text(2)),
                      static_cast<int>(rows.integer(3))},
                     Outcome{rows.real(4), rows.real(5), static_cast<unsigned>(rows.integer(6)),
                             rows.real(7), rows.real(8)},
                     wall_time(rows.integer(9))});
  }
}

Result<std::uint64_t> SqliteStore::prune_settlements(WallTime before, const Call& call) {
  for (std::uint64_t total = 0;;) {
    auto connection = writer(call, Sync::none, DbOperation::settlements);
    if (!connection) return std::unexpected(connection.error());
    auto done = (*connection)
                    ->prepare(
                        "DELETE FROM settlements WHERE rowid IN "
                        "(SELECT rowid FROM settlements WHERE created < ? LIMIT ?)")
                    .bind(microseconds(before), kSettlementsAtOnce)
                    .run();
    if (!done) return std::unexpected(done.error());
    const std::uint64_t deleted = (*connection)->changed();
    total += deleted;
    if (deleted < kSettlementsAtOnce) return total;
  }
}

}  // namespace ara::storage
