// The forecasts of SqliteStore.

#include "base/format.h"
#include "storage/sqlite_store.h"

namespace ara::storage {
namespace {

/// Forecasts deleted in one transaction, so that other writers are not held up for long.
constexpr int kForecastsAtOnce = 2000;

}  // namespace

Result<void> write_forecasts(SqliteConnection& connection, std::span<const ForecastRow> rows) {
  SqliteStatement insert = connection.prepare(
      "INSERT INTO forecasts (id, symbol, revision, content, as_of, horizon, model_version, "
      "created, bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING");
  for (const ForecastRow& row : rows) {
    auto done = insert
                    .bind(SqliteBlob{to_bytes(row.id)}, row.symbol.text(), row.revision.counter,
                          row.revision.content, domain::to_iso(row.as_of), row.horizon,
                          row.model_version, microseconds(row.created), SqliteBlob{row.bytes})
                    .run();
    if (!done) return done;
  }
  return {};
}

Result<void> SqliteStore::put_forecasts(std::span<const ForecastRow> rows, const Call& call) {
  if (rows.empty()) return {};
  auto connection = writer(call, Sync::none, DbOperation::forecast_write);
  if (!connection) return std::unexpected(connection.error());
  auto transaction = SqliteTransaction::begin(**connection, SqliteTransaction::Kind::write);
  if (!transaction) return std::unexpected(transaction.error());
  return write_forecasts(**connection, rows).and_then([&] { return transaction->commit(); });
}

Result<std::optional<ForecastRow>> SqliteStore::find_forecast(const Hash128& id, const Call& call) {
  auto connection = readers_.take(call, DbOperation::forecast_read);
  if (!connection) return std::unexpected(connection.error());
  SqliteStatement rows =
      (*connection)
          ->prepare(
              "SELECT symbol, revision, content, as_of, horizon, model_version, created, bytes "
              "FROM forecasts WHERE id = ?");
  const auto row = rows.bind(SqliteBlob{to_bytes(id)}).step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::nullopt;
  const auto symbol = domain::Symbol::parse(rows.text(0));
  const auto as_of = domain::parse_iso_date(rows.text(3));
  if (!symbol || !as_of) {
    return fail(Code::corrupt,
                ara::format("the stored forecast {} cannot be read: symbol '{}', "
                            "as of '{}'",
                            to_hex(id), printable(rows.text(0)), printable(rows.text(3))));
  }
  return ForecastRow{
      id,
      *symbol,
      {static_cast<std::uint64_t>(rows.integer(1)), static_cast<std::uint64_t>(rows.integer(2))},
      *as_of,
      static_cast<int>(rows.integer(4)),
      std::string(rows.text(5)),
      wall_time(rows.integer(6)),
      std::string(rows.text(7))};
}

Result<std::uint64_t> SqliteStore::prune_forecasts(WallTime before, const Call& call) {
  for (std::uint64_t total = 0;;) {
    auto connection = writer(call, Sync::none, DbOperation::forecast_write);
    if (!connection) return std::unexpected(connection.error());
    auto done = (*connection)
                    ->prepare(
                        "DELETE FROM forecasts WHERE rowid IN "
                        "(SELECT rowid FROM forecasts WHERE created < ? LIMIT ?)")
                    .bind(microseconds(before), kForecastsAtOnce)
                    .run();
    if (!done) return std::unexpected(done.error());
    const std::uint64_t deleted = (*connection)->changed();
    total += deleted;
    if (deleted < kForecastsAtOnce) return total;
  }
}

}  // namespace ara::storage
