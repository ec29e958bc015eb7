// The settlements of PostgresStore.
#include "storage/postgres_settlements.h"

#include <algorithm>
#include <set>

#include "base/format.h"
#include "storage/settlement_rows.h"

namespace ara::storage {
namespace {

/// Rows deleted in one transaction, so that it stays short.
constexpr int kPgSettlementsAtOnce = 2000;

/// Slots copied at once, so that their rows fit into memory.
constexpr int kSlotsAtOnce = 64;

#define ARA_PG_SETTLEMENT_KEY "symbol, as_of, model_version, day"
// What pg_expectation reads.
#define ARA_PG_EXPECTATION \
  ARA_PG_SETTLEMENT_KEY ", forecast, asset_type, due, scale, price, change, created"
// All that is copied.
#define ARA_PG_SETTLEMENT \
  ARA_PG_EXPECTATION ", slot, leased_until, settled, outcome, error, inside, crps, walk_crps"

Result<ExpectationRow> pg_expectation(const PgRows& rows, int row) {
  return expectation_of({.symbol = rows.text(row, 0),
                         .as_of = rows.integer(row, 1),
                         .model_version = rows.text(row, 2),
                         .day = rows.integer(row, 3),
                         .forecast = rows.text(row, 4),
                         .asset_type = rows.text(row, 5),
                         .due = rows.integer(row, 6),
                         .scale = rows.text(row, 7),
                         .price = rows.real(row, 8),
                         .change = rows.text(row, 9),
                         .created = rows.integer(row, 10)});
}

template <class Row>
std::vector<int> slots_of(std::span<const Row> rows) {
  std::vector<int> slots;
  for (const Row& row : rows) slots.push_back(domain::slot_of(row.key.symbol.text()));
  return slots;
}

Result<std::uint64_t> settle_all(PgConnection& connection, std::span<const SettlementRow> rows) {
  std::vector<PgParams> settled;
  std::vector<PgParams> dropped;
  for (const SettlementRow& row : rows) {
    const SettlementKey& key = row.key;
    if (!row.outcome) {
      dropped.emplace_back(std::string_view(key.symbol.text()), seconds_of(key.as_of),
                           std::string_view(key.model_version), key.day);
      continue;
    }
    const Outcome& outcome = *row.outcome;
    settled.emplace_back(std::string_view(key.symbol.text()), seconds_of(key.as_of),
                         std::string_view(key.model_version), key.day, microseconds(row.settled),
                         outcome.change, outcome.error, static_cast<std::int64_t>(outcome.inside),
                         outcome.crps, outcome.walk_crps);
  }
  std::uint64_t ended = 0;
  if (!settled.empty()) {
    const auto done = connection.ask_each(
        "UPDATE settlements SET settled = $5, outcome = $6, error = $7, inside = $8, crps = $9, "
        "walk_crps = $10 WHERE symbol = $1 AND as_of = $2 AND model_version = $3 AND day = $4 "
        "AND settled = 0",
        settled);
    if (!done) return done;
    ended += *done;
  }
  if (!dropped.empty()) {
    const auto done = connection.ask_each(
        "DELETE FROM settlements WHERE symbol = $1 AND as_of = $2 AND model_version = $3 "
        "AND day = $4 AND settled = 0",
        dropped);
    if (!done) return done;
    ended += *done;
  }
  return ended;
}

using Lines = std::set<std::string, std::less<>>;

Result<Lines> lines_of(PgConnection& connection, SlotRange slots) {
  connection.start(Call{});
  Lines lines;
  auto read =
      connection.copy_out(ara::format("COPY (SELECT " ARA_PG_SETTLEMENT
                                      " FROM settlements WHERE slot BETWEEN {} AND {}) TO STDOUT",
                                      slots.first, slots.last),
                          [&](std::string_view line) -> Result<void> {
                            lines.emplace(line);
                            return {};
                          });
  if (!read) return std::unexpected(read.error());
  return lines;
}

/// The rows of few slots.
Result<std::uint64_t> copy_some(PgConnection& source, PgConnection& target, SlotRange slots) {
  const auto there = lines_of(source, slots);
  if (!there) return std::unexpected(there.error());
  const auto here = lines_of(target, slots);
  if (!here) return std::unexpected(here.error());
  if (*here == *there) return there->size();
  // What differs is seldom much, and then seldom old rows: those of the range are written anew.
  target.start(Call{});
  auto emptied = only_done(
      target.ask("DELETE FROM settlements WHERE slot BETWEEN $1 AND $2", slots.first, slots.last));
  if (!emptied) return std::unexpected(emptied.error());
  std::string data;
  for (const std::string& line : *there) data += line;
  const auto copied = target.copy("COPY settlements (" ARA_PG_SETTLEMENT ") FROM STDIN", data);
  if (!copied) return copied;
  const auto arrived = lines_of(target, slots);
  if (!arrived) return std::unexpected(arrived.error());
  if (*arrived != *there) {
    return fail(
        Code::corrupt,
        ara::format("what arrived of the settlements of slots {} to {} is not what was sent",
                    slots.first, slots.last));
  }
  return there->size();
}

}  // namespace

Result<std::uint64_t> copy_settlements(PgConnection& source, PgConnection& target,
                                       SlotRange slots) {
  std::uint64_t rows = 0;
  for (int first = slots.first; first <= slots.last; first += kSlotsAtOnce) {
    const SlotRange some{first, std::min(slots.last, first + kSlotsAtOnce - 1)};
    const auto copied = copy_some(source, target, some);
    if (!copied) return copied;
    rows += *copied;
  }
  return rows;
}

Result<void> PostgresStore::expect(std::span<const ExpectationRow> rows, const Call& call) {
  if (rows.empty()) return {};
  // Parameters point into these.
  std::vector<std::string> ids;
  std::vector<std::string> changes;
  for (const ExpectationRow& row : rows) {
    ids.push_back(to_bytes(row.forecast));
    changes.push_back(to_bytes(row.change));
  }
  std::vector<PgParams> params;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const ExpectationRow& row = rows[i];
    params.emplace_back(std::string_view(row.key.symbol.text()), seconds_of(row.key.as_of),
                        std::string_view(row.key.model_version), row.key.day, PgBytes{ids[i]},
                        domain::describe(row.asset_type).name, seconds_of(row.due),
                        to_string(row.scale), row.price, PgBytes{changes[i]},
                        microseconds(row.created), domain::slot_of(row.key.symbol.text()));
  }
  return write(
      DbOperation::settlements, call,
      [&](PgConnection& connection) -> Result<void> {
        return connection
            .ask_each("INSERT INTO settlements (" ARA_PG_EXPECTATION
                      ", slot) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) "
                      "ON CONFLICT DO NOTHING",
                      params)
            .transform([](std::uint64_t) {});
      },
      slots_of(rows));
}

Result<std::vector<ExpectationRow>> PostgresStore::lease_settlements(WallTime now, WallTime until,
                                                                     domain::Date today,
                                                                     std::size_t limit,
                                                                     const Call& call) {
#define ARA_PG_DUE                                               \
  "FROM settlements x JOIN symbols s ON s.symbol = x.symbol "    \
  "JOIN owned_slots o ON o.slot = x.slot AND o.state = 'owned' " \
  "WHERE x.settled = 0 AND x.due <= $1 AND x.due <= s.last AND x.leased_until <= $2"
  // Who looks often should cost no transaction that writes.
  const auto due =
      read(DbOperation::settlements, call, [&](PgConnection& connection) -> Result<bool> {
        const auto any = connection.ask("SELECT EXISTS (SELECT 1 " ARA_PG_DUE ")",
                                        seconds_of(today), microseconds(now));
        if (!any) return std::unexpected(any.error());
        return any->flag(0, 0);
      });
  if (!due) return std::unexpected(due.error());
  if (!*due) return std::vector<ExpectationRow>();
  using Leased = std::vector<ExpectationRow>;
  return write(DbOperation::settlements, call, [&](PgConnection& connection) -> Result<Leased> {
    const auto rows = connection.ask(
        "UPDATE settlements SET leased_until = $3 WHERE ctid = ANY (ARRAY (SELECT "
        "x.ctid " ARA_PG_DUE
        " ORDER BY x.symbol LIMIT $4 FOR UPDATE OF x SKIP LOCKED)) RETURNING " ARA_PG_EXPECTATION,
        seconds_of(today), microseconds(now), microseconds(until), limit);
    if (!rows) return std::unexpected(rows.error());
    Leased leased;
    for (int row = 0; row < rows->size(); ++row) {
      auto one = pg_expectation(*rows, row);
      if (!one) return std::unexpected(one.error());
      leased.push_back(std::move(*one));
    }
    std::ranges::stable_sort(leased, {}, [](const ExpectationRow& row) { return row.key.symbol; });
    return leased;
  });
}

Result<std::uint64_t> PostgresStore::settle(std::span<const SettlementRow> rows, const Call& call) {
  if (rows.empty()) return 0;
  return write(
      DbOperation::settlements, call,
      [&](PgConnection& connection) { return settle_all(connection, rows); }, slots_of(rows));
}

Result<std::vector<SettlementRow>> PostgresStore::settled(domain::AssetType asset_type,
                                                          std::size_t limit, const Call& call) {
  using Settled = std::vector<SettlementRow>;
  return read(DbOperation::settlements, call, [&](PgConnection& connection) -> Result<Settled> {
    const auto rows = connection.ask(
        "SELECT x.symbol, x.as_of, x.model_version, x.day, x.outcome, x.error, x.inside, x.crps, "
        "x.walk_crps, x.settled FROM settlements x JOIN owned_slots o ON o.slot = x.slot "
        "AND o.state = 'owned' WHERE x.asset_type = $1 AND x.settled > 0 "
        "ORDER BY x.settled DESC, x.symbol, x.as_of, x.model_version, x.day LIMIT $2",
        domain::describe(asset_type).name, limit);
    if (!rows) return std::unexpected(rows.error());
    Settled found;
    for (int row = 0; row < rows->size(); ++row) {
      const auto symbol = domain::Symbol::parse(rows->text(row, 0));
      if (!symbol) return fail(Code::corrupt, "a settlement is of a symbol which is none");
      found.push_back({{*symbol, date_at(rows->integer(row, 1)), std::string(rows->text(row, 2)),
                        static_cast<int>(rows->integer(row, 3))},
                       Outcome{rows->real(row, 4), rows->real(row, 5),
                               static_cast<unsigned>(rows->integer(row, 6)), rows->real(row, 7),
                               rows->real(row, 8)},
                       wall_time(rows->integer(row, 9))});
    }
    return found;
  });
}

Result<std::uint64_t> PostgresStore::prune_settlements(WallTime before, const Call& call) {
  for (std::uint64_t total = 0;;) {
    const auto deleted = write(
        DbOperation::settlements, call, [&](PgConnection& connection) -> Result<std::uint64_t> {
          return connection
              .ask(
                  "DELETE FROM settlements WHERE ctid = ANY (ARRAY (SELECT ctid FROM settlements "
                  "WHERE created < $1 LIMIT $2 FOR UPDATE SKIP LOCKED))",
                  microseconds(before), kPgSettlementsAtOnce)
              .transform([](const PgRows& rows) { return rows.changed(); });
        });
    if (!deleted) return deleted;
    total += *deleted;
    if (*deleted < kPgSettlementsAtOnce) return total;
  }
}

}  // namespace ara::storage
