// The alerts of PostgresStore.
#include "storage/postgres_store.h"

namespace ara::storage {
namespace {

// What pg_alerts reads.
#define ARA_PG_ALERT_COLUMNS "account, number, symbol, metric, condition, threshold, holds"

Result<std::vector<AlertRow>> pg_alerts(const Result<PgRows>& rows) {
  if (!rows) return std::unexpected(rows.error());
  std::vector<AlertRow> alerts;
  for (int row = 0; row < rows->size(); ++row) {
    auto symbol = domain::Symbol::parse(rows->text(row, 2));
    if (!symbol) {
      return fail(Code::corrupt, "a stored alert is of the symbol '" +
                                     printable(rows->text(row, 2)) + "', which is none");
    }
    alerts.push_back({.account = std::string(rows->text(row, 0)),
                      .number = static_cast<int>(rows->integer(row, 1)),
                      .symbol = std::move(*symbol),
                      .metric = std::string(rows->text(row, 3)),
                      .condition = std::string(rows->text(row, 4)),
                      .threshold = rows->real(row, 5),
                      .holds = rows->integer(row, 6) != 0});
  }
  return alerts;
}

}  // namespace

Result<void> PostgresStore::replace_alerts(const std::string& account,
                                           const std::vector<AlertRow>& rows, const Call& call) {
  return write(DbOperation::alerts, call, [&](PgConnection& connection) -> Result<void> {
    // Of two at once the second must delete what the first inserts, which its DELETE sees only if
    // it begins after the first has ended; there may be no row yet whose lock would do.
    auto done =
        only_done(connection.ask("SELECT pg_advisory_xact_lock(hashtextextended($1, 3))", account));
    if (!done) return done;
    done = only_done(connection.ask("DELETE FROM alerts WHERE account = $1", account));
    for (const AlertRow& row : rows) {
      if (!done) return done;
      done = only_done(connection.ask("INSERT INTO alerts (" ARA_PG_ALERT_COLUMNS
                                      ") VALUES ($1, $2, $3, $4, $5, $6, $7)",
                                      account, row.number, row.symbol.text(), row.metric,
                                      row.condition, row.threshold, row.holds));
    }
    return done;
  });
}

Result<std::vector<AlertRow>> PostgresStore::alerts_of(const std::string& account,
                                                       const Call& call) {
  return read(DbOperation::alerts, call, [&](PgConnection& connection) {
    return pg_alerts(connection.ask(
        "SELECT " ARA_PG_ALERT_COLUMNS " FROM alerts WHERE account = $1 ORDER BY number", account));
  });
}

Result<std::vector<AlertRow>> PostgresStore::alerts_on(const domain::Symbol& symbol,
                                                       const Call& call) {
  return read(DbOperation::alerts, call, [&](PgConnection& connection) {
    return pg_alerts(connection.ask("SELECT " ARA_PG_ALERT_COLUMNS
                                    " FROM alerts WHERE symbol = $1 ORDER BY account, number",
                                    symbol.text()));
  });
}

Result<bool> PostgresStore::mark_alert(const AlertRow& row, bool holds, const Call& call) {
  return write(DbOperation::alerts, call, [&](PgConnection& connection) -> Result<bool> {
    return connection
        .ask(
            "UPDATE alerts SET holds = $1 WHERE account = $2 AND number = $3 AND symbol = $4 "
            "AND metric = $5 AND condition = $6 AND threshold = $7 AND holds <> $1",
            holds, row.account, row.number, row.symbol.text(), row.metric, row.condition,
            row.threshold)
        .transform([](const PgRows& rows) { return rows.changed() == 1; });
  });
}

}  // namespace ara::storage
