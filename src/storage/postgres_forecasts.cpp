// The forecasts of PostgresStore.
#include "storage/postgres_forecasts.h"

#include <vector>

#include "base/format.h"
#include "storage/moved.h"
#include "storage/postgres_bars.h"
#include "storage/shard_map.h"

namespace ara::storage {
namespace {

/// Forecasts deleted in one transaction, so that it stays short.
constexpr int kPgForecastsAtOnce = 2000;

/// How long tokens of writes are kept: longer than any try of a write lasts.
constexpr std::chrono::minutes kTokensKept{10};

}  // namespace

Result<ForecastRow> pg_forecast_of(const PgRows& rows, int row) {
  const auto id = hash_from_bytes(rows.text(row, 0));
  const auto symbol = domain::Symbol::parse(rows.text(row, 1));
  const auto as_of = domain::parse_iso_date(rows.text(row, 4));
  if (!id || !symbol || !as_of) {
    return fail(Code::corrupt,
                ara::format("a stored forecast cannot be read: id {}, symbol '{}', "
                            "as of '{}'",
                            id ? to_hex(*id) : "malformed", printable(rows.text(row, 1)),
                            printable(rows.text(row, 4))));
  }
  return ForecastRow{*id,
                     *symbol,
                     {static_cast<std::uint64_t>(rows.integer(row, 2)),
                      static_cast<std::uint64_t>(rows.integer(row, 3))},
                     *as_of,
                     static_cast<int>(rows.integer(row, 5)),
                     std::string(rows.text(row, 6)),
                     wall_time(rows.integer(row, 7)),
                     std::string(rows.text(row, 8))};
}

std::vector<int> slots_of_forecasts(std::span<const ForecastRow> rows) {
  std::vector<int> slots;
  for (const ForecastRow& row : rows) slots.push_back(slot_of_forecast(row.id));
  return slots;
}

Result<void> write_forecasts(PgConnection& connection, std::span<const ForecastRow> rows) {
  // Parameters point into these.
  std::vector<std::string> ids;
  std::vector<std::string> dates;
  for (const ForecastRow& row : rows) {
    ids.push_back(to_bytes(row.id));
    dates.push_back(domain::to_iso(row.as_of));
  }
  std::vector<PgParams> params;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const ForecastRow& row = rows[i];
    params.emplace_back(PgBytes{ids[i]}, std::string_view(row.symbol.text()), row.revision.counter,
                        row.revision.content, std::string_view(dates[i]), row.horizon,
                        std::string_view(row.model_version), microseconds(row.created),
                        PgBytes{row.bytes});
  }
  return connection
      .ask_each(
          "INSERT INTO forecasts (id, symbol, revision, content, as_of, horizon, model_version, "
          "created, bytes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING",
          params)
      .transform([](std::uint64_t) {});
}

Result<void> PostgresStore::put_forecasts(std::span<const ForecastRow> rows, const Call& call) {
  if (rows.empty()) return {};
  return write(
      DbOperation::forecast_write, call,
      [&](PgConnection& connection) { return write_forecasts(connection, rows); },
      slots_of_forecasts(rows));
}

Result<std::optional<ForecastRow>> PostgresStore::find_forecast(const Hash128& id,
                                                                const Call& call) {
  const std::string key = to_bytes(id);
  return read(
      DbOperation::forecast_read, call,
      [&](PgConnection& connection) -> Result<std::optional<ForecastRow>> {
        const auto rows = connection.ask(
            "SELECT f.* FROM " ARA_PG_OWNED("$2") " LEFT JOIN (SELECT " ARA_PG_FORECAST
                                                  " FROM forecasts WHERE id = $1) f ON true",
            PgBytes{key}, slot_of_forecast(id));
        if (!rows) return std::unexpected(rows.error());
        if (rows->empty()) return std::unexpected(moved());
        if (rows->null(0, 0)) return std::nullopt;
        return pg_forecast_of(*rows, 0);
      });
}

Result<std::uint64_t> PostgresStore::prune_forecasts(WallTime before, const Call& call) {
  for (std::uint64_t total = 0;;) {
    const auto deleted = write(
        DbOperation::forecast_write, call, [&](PgConnection& connection) -> Result<std::uint64_t> {
          auto tokens = connection.ask(
              "DELETE FROM commits WHERE ctid = ANY (ARRAY (SELECT ctid FROM commits "
              "WHERE at < now() - $1 * interval '1 second' LIMIT $2 FOR UPDATE SKIP LOCKED))",
              std::chrono::seconds(kTokensKept).count(), kPgForecastsAtOnce);
          if (!tokens) return std::unexpected(tokens.error());
          return connection
              .ask(
                  "DELETE FROM forecasts WHERE ctid = ANY (ARRAY (SELECT ctid FROM forecasts "
                  "WHERE created < $1 LIMIT $2 FOR UPDATE SKIP LOCKED))",
                  microseconds(before), kPgForecastsAtOnce)
              .transform([](const PgRows& rows) { return rows.changed(); });
        });
    if (!deleted) return deleted;
    total += *deleted;
    if (*deleted < kPgForecastsAtOnce) return total;
  }
}

}  // namespace ara::storage
