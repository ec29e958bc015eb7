// Accounts, the audit log and day counts of SqliteStore; keys are in sqlite_api_keys.cpp.
#include <algorithm>

#include "storage/account_rows.h"
#include "storage/sqlite_store.h"

namespace ara::storage {
namespace {

/// The first row of a bound statement, if it gives one.
Result<std::optional<AccountRow>> one_account(SqliteStatement& rows) {
  const auto row = rows.step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::nullopt;
  return account_of(rows);
}

Result<std::optional<AccountRow>> read_account(SqliteConnection& connection,
                                               const std::string& id) {
  SqliteStatement rows =
      connection.prepare("SELECT " ARA_ACCOUNT_COLUMNS " FROM accounts WHERE id = ?");
  return one_account(rows.bind(id));
}

Result<void> write_changed(SqliteConnection& connection, const AccountRow& row) {
  return connection
      .prepare(
          "UPDATE accounts SET password_hash = ?, role = ?, tier = ?, active = ?, "
          "generation = ? WHERE id = ?")
      .bind(row.password_hash, row.role, row.tier, row.active, row.generation, row.id)
      .run();
}

}  // namespace

Result<void> write_audit(SqliteConnection& connection, const AuditRow& audit) {
  return connection
      .prepare("INSERT INTO audit_log (time, actor, action, target, detail) VALUES (?, ?, ?, ?, ?)")
      .bind(microseconds(audit.when), audit.actor, audit.action, audit.target, audit.detail)
      .run();
}

Result<std::uint64_t> SqliteStore::accounts_version(const Call& call) {
  return read_count("SELECT accounts FROM heads", call, DbOperation::accounts);
}

Result<void> SqliteStore::put_account(const AccountRow& row, const AuditRow& audit,
                                      const Call& call) {
  auto connection = writer(call, Sync::full, DbOperation::accounts);
  if (!connection) return std::unexpected(connection.error());
  auto transaction = SqliteTransaction::begin(**connection, SqliteTransaction::Kind::write);
  if (!transaction) return std::unexpected(transaction.error());
  auto inserted = (*connection)
                      ->prepare("INSERT INTO accounts (" ARA_ACCOUNT_COLUMNS
                                ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
                      .bind(row.id, row.email, row.username, row.password_hash, row.role, row.tier,
                            row.active, row.generation, microseconds(row.created))
                      .run();
  if (!inserted) return inserted;
  if ((*connection)->changed() == 0) {
    return account_exists(row.email);
  }
  return write_audit(**connection, audit)
      .and_then([&] { return note_write(**connection, Changed::accounts); })
      .and_then([&] { return transaction->commit(); });
}

Result<AccountRow> SqliteStore::change_account(const std::string& id, const AccountChange& change,
                                               const AuditRow& audit, const Call& call) {
  auto connection = writer(call, Sync::full, DbOperation::accounts);
  if (!connection) return std::unexpected(connection.error());
  auto transaction = SqliteTransaction::begin(**connection, SqliteTransaction::Kind::write);
  if (!transaction) return std::unexpected(transaction.error());
  auto found = read_account(**connection, id);
  if (!found) return std::unexpected(std::move(found.error()));
  if (!*found) return no_account(id);
  AccountRow row = with_change(std::move(**found), change);
  auto done = write_changed(**connection, row)
                  .and_then([&] { return write_audit(**connection, audit); })
                  .and_then([&] { return note_write(**connection, Changed::accounts); })
                  .and_then([&] { return transaction->commit(); });
  if (!done) return std::unexpected(std::move(done.error()));
  return row;
}

Result<std::optional<AccountRow>> SqliteStore::find_account(const std::string& id,
                                                            const Call& call) {
  auto connection = readers_.take(call, DbOperation::accounts);
  if (!connection) return std::unexpected(connection.error());
  return read_account(**connection, id);
}

Result<std::optional<AccountRow>> SqliteStore::find_account_by_email(const std::string& email,
                                                                     const Call& call) {
  auto connection = readers_.take(call, DbOperation::accounts);
  if (!connection) return std::unexpected(connection.error());
  SqliteStatement rows =
      (*connection)->prepare("SELECT " ARA_ACCOUNT_COLUMNS " FROM accounts WHERE email = ?");
  return one_account(rows.bind(email));
}

Result<std::vector<AccountRow>> SqliteStore::accounts(const Call& call) {
  auto connection = readers_.take(call, DbOperation::accounts);
  if (!connection) return std::unexpected(connection.error());
  SqliteStatement rows =
      (*connection)->prepare("SELECT " ARA_ACCOUNT_COLUMNS " FROM accounts ORDER BY created, id");
  std::vector<AccountRow> found;
  for (rows.bind();;) {
    const auto row = rows.step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return found;
    found.push_back(account_of(rows));
    found.back().password_hash.clear();
  }
}

Result<void> SqliteStore::put_audit(const AuditRow& audit, const Call& call) {
  auto connection = writer(call, Sync::full, DbOperation::accounts);
  if (!connection) return std::unexpected(connection.error());
  auto transaction = SqliteTransaction::begin(**connection, SqliteTransaction::Kind::write);
  if (!transaction) return std::unexpected(transaction.error());
  return write_audit(**connection, audit).and_then([&] { return transaction->commit(); });
}

Result<std::vector<AuditRow>> SqliteStore::audit_log(std::size_t limit, const Call& call) {
  auto connection = readers_.take(call, DbOperation::accounts);
  if (!connection) return std::unexpected(connection.error());
  SqliteStatement rows =
      (*connection)
          ->prepare(
              "SELECT number, time, actor, action, target, detail FROM audit_log "
              "ORDER BY number DESC LIMIT ?");
  std::vector<AuditRow> found;
  for (rows.bind(limit);;) {
    const auto row = rows.step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return found;
    found.push_back({rows.integer(0), wall_time(rows.integer(1)), std::string(rows.text(2)),
                     std::string(rows.text(3)), std::string(rows.text(4)),
                     std::string(rows.text(5))});
  }
}

Result<DayLease> SqliteStore::lease_requests(const std::string& account_id, std::int64_t day,
                                             std::int64_t owed, std::int64_t want,
                                             std::int64_t limit, const Call& call) {
  auto connection = writer(call, Sync::none, DbOperation::accounts);
  if (!connection) return std::unexpected(connection.error());
  auto transaction = SqliteTransaction::begin(**connection, SqliteTransaction::Kind::write);
  if (!transaction) return std::unexpected(transaction.error());
  std::int64_t used = 0;
  {
    SqliteStatement row =
        (*connection)->prepare("SELECT used FROM day_usage WHERE day = ? AND account_id = ?");
    const auto found = row.bind(day, account_id).step();
    if (!found) return std::unexpected(found.error());
    if (*found) used = row.integer(0);
  }
  used = std::max<std::int64_t>(0, used + owed);
  const std::int64_t granted = lendable(used, want, limit);
  used += granted;
  auto done = (*connection)
                  ->prepare(
                      "INSERT INTO day_usage (day, account_id, used) VALUES (?, ?, ?) "
                      "ON CONFLICT (day, account_id) DO UPDATE SET used = excluded.used")
                  .bind(day, account_id, used)
                  .run()
                  .and_then([&] {
                    return (*connection)
                        ->prepare("DELETE FROM day_usage WHERE day < ?")
                        .bind(day - kDaysKept)
                        .run();
                  })
                  .and_then([&] { return transaction->commit(); });
  if (!done) return std::unexpected(std::move(done.error()));
  return DayLease{granted, used};
}

Result<std::vector<DayUsageRow>> SqliteStore::day_usage(std::int64_t day, const Call& call) {
  auto connection = readers_.take(call, DbOperation::accounts);
  if (!connection) return std::unexpected(connection.error());
  SqliteStatement rows =
      (*connection)
          ->prepare("SELECT account_id, used FROM day_usage WHERE day = ? ORDER BY account_id");
  std::vector<DayUsageRow> found;
  for (rows.bind(day);;) {
    const auto row = rows.step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return found;
    found.push_back({std::string(rows.text(0)), rows.integer(1)});
  }
}

}  // namespace ara::storage
