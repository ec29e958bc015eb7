// The forecasts of PostgresStore.
#include <vector>

#include "base/format.h"
#include "storage/postgres_store.h"

namespace ara::storage {
namespace {

/// Forecasts deleted in one transaction, so that it stays short.
constexpr int kPgForecastsAtOnce = 2000;

/// How long tokens of writes are kept: longer than any try of a write lasts.
constexpr std::chrono::minutes kTokensKept{10};

}  // namespace

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
  return write(call, [&](PgConnection& connection) { return write_forecasts(connection, rows); });
}

Result<std::optional<ForecastRow>> PostgresStore::find_forecast(const Hash128& id,
                                                                const Call& call) {
  const std::string key = to_bytes(id);
  return read(call, [&](PgConnection& connection) -> Result<std::optional<ForecastRow>> {
    const auto rows = connection.ask(
        "SELECT symbol, revision, content, as_of, horizon, model_version, created, bytes "
        "FROM forecasts WHERE id = $1",
        PgBytes{key});
    if (!rows) return std::unexpected(rows.error());
    if (rows->empty()) return std::nullopt;
    const auto symbol = domain::Symbol::parse(rows->text(0, 0));
    const auto as_of = domain::parse_iso_date(rows->text(0, 3));
    if (!symbol || !as_of) {
      return fail(
          Code::corrupt,
          ara::format("the stored forecast {} cannot be read: symbol '{}', as of '{}'", to_hex(id),
                      printable(rows->text(0, 0)), printable(rows->text(0, 3))));
    }
    return ForecastRow{id,
                       *symbol,
                       {static_cast<std::uint64_t>(rows->integer(0, 1)),
                        static_cast<std::uint64_t>(rows->integer(0, 2))},
                       *as_of,
                       static_cast<int>(rows->integer(0, 4)),
                       std::string(rows->text(0, 5)),
                       wall_time(rows->integer(0, 6)),
                       std::string(rows->text(0, 7))};
  });
}

Result<std::uint64_t> PostgresStore::prune_forecasts(WallTime before, const Call& call) {
  for (std::uint64_t total = 0;;) {
    const auto deleted = write(call, [&](PgConnection& connection) -> Result<std::uint64_t> {
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
