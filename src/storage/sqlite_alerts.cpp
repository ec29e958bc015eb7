// The alerts of SqliteStore.
#include "storage/sqlite_store.h"

namespace ara::storage {
namespace {

// What read_alerts reads.
#define ARA_ALERT_COLUMNS "account, number, symbol, metric, condition, threshold, holds"

Result<std::vector<AlertRow>> read_alerts(SqliteStatement& rows) {
  std::vector<AlertRow> alerts;
  for (;;) {
    const auto row = rows.step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return alerts;
    auto symbol = domain::Symbol::parse(rows.text(2));
    if (!symbol) {
      return fail(Code::corrupt, "a stored alert is of the symbol '" + printable(rows.text(2)) +
                                     "', which is none");
    }
    alerts.push_back({.account = std::string(rows.text(0)),
                      .number = static_cast<int>(rows.integer(1)),
                      .symbol = std::move(*symbol),
                      .metric = std::string(rows.text(3)),
                      .condition = std::string(rows.text(4)),
                      .threshold = rows.real(5),
                      .holds = rows.integer(6) != 0});
  }
}

}  // namespace

Result<void> SqliteStore::replace_alerts(const std::string& account,
                                         const std::vector<AlertRow>& rows, const Call& call) {
  auto connection = writer(call, Sync::full, DbOperation::alerts);
  if (!connection) return std::unexpected(connection.error());
  auto transaction = SqliteTransaction::begin(**connection, SqliteTransaction::Kind::write);
  if (!transaction) return std::unexpected(transaction.error());
  auto done = (*connection)->prepare("DELETE FROM alerts WHERE account = ?").bind(account).run();
  if (!done) return done;
  for (const AlertRow& row : rows) {
    done = (*connection)
               ->prepare("INSERT INTO alerts (" ARA_ALERT_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?)")
               .bind(account, row.number, row.symbol.text(), row.metric, row.condition,
                     row.threshold, row.holds)
               .run();
    if (!done) return done;
  }
  return transaction->commit();
}

Result<std::vector<AlertRow>> SqliteStore::alerts_of(const std::string& account, const Call& call) {
  auto connection = readers_.take(call, DbOperation::alerts);
  if (!connection) return std::unexpected(connection.error());
  SqliteStatement rows =
      (*connection)
          ->prepare("SELECT " ARA_ALERT_COLUMNS " FROM alerts WHERE account = ? ORDER BY number");
  return read_alerts(rows.bind(account));
}

Result<std::vector<AlertRow>> SqliteStore::alerts_on(const domain::Symbol& symbol,
                                                     const Call& call) {
  auto connection = readers_.take(call, DbOperation::alerts);
  if (!connection) return std::unexpected(connection.error());
  SqliteStatement rows = (*connection)
                             ->prepare("SELECT " ARA_ALERT_COLUMNS
                                       " FROM alerts WHERE symbol = ? ORDER BY account, number");
  return read_alerts(rows.bind(symbol.text()));
}

Result<bool> SqliteStore::mark_alert(const AlertRow& row, bool holds, const Call& call) {
  auto connection = writer(call, Sync::full, DbOperation::alerts);
  if (!connection) return std::unexpected(connection.error());
  auto done = (*connection)
                  ->prepare(
                      "UPDATE alerts SET holds = ? WHERE account = ? AND number = ? "
                      "AND symbol = ? AND metric = ? AND condition = ? AND threshold = ? "
                      "AND holds = ?")
                  .bind(holds, row.account, row.number, row.symbol.text(), row.metric,
                        row.condition, row.threshold, !holds)
                  .run();
  if (!done) return std::unexpected(done.error());
  return (*connection)->changed() == 1;
}

}  // namespace ara::storage
