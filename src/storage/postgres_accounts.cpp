// Accounts, the audit log and day counts of PostgresStore; keys are in postgres_api_keys.cpp.
//
// Locks are taken in one order: an account's row, its keys, and last the row of versions, for which
// all changes of accounts wait.
#include "storage/account_rows.h"
#include "storage/postgres_store.h"
#include "storage/postgres_values.h"

namespace ara::storage {
namespace {

/// The account that a statement gave, if it gave one.
Result<std::optional<AccountRow>> pg_account_of(const Result<PgRows>& rows) {
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return std::nullopt;
  return account_of(PgRow{*rows});
}

Result<void> pg_note_account(PgConnection& connection, const AuditRow& audit) {
  return write_audit(connection, audit).and_then([&] {
    return count_change(connection, "accounts");
  });
}

/// Forgets the days before `first`. Rows that others lock are left to the next who comes by, so
/// that this waits for nobody while it holds a row itself.
Result<void> pg_forget_days(PgConnection& connection, std::int64_t first) {
  return only_done(connection.ask(
      "DELETE FROM day_usage WHERE (day, account_id) IN "
      "(SELECT day, account_id FROM day_usage WHERE day < $1 FOR UPDATE SKIP LOCKED)",
      first));
}

}  // namespace

Result<void> write_audit(PgConnection& connection, const AuditRow& audit) {
  return only_done(connection.ask(
      "INSERT INTO audit_log (time, actor, action, target, detail) VALUES ($1, $2, $3, $4, $5)",
      microseconds(audit.when), audit.actor, audit.action, audit.target, audit.detail));
}

Result<void> PostgresStore::put_account(const AccountRow& row, const AuditRow& audit,
                                        const Call& call) {
  return write(DbOperation::accounts, call, [&](PgConnection& connection) -> Result<void> {
    const auto put =
        connection.ask("INSERT INTO accounts (" ARA_ACCOUNT_COLUMNS
                       ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
                       row.id, row.email, row.username, row.password_hash, row.role, row.tier,
                       row.active, row.generation, microseconds(row.created));
    if (!put) return std::unexpected(put.error());
    if (put->changed() == 0) return account_exists(row.email);
    return pg_note_account(connection, audit);
  });
}

Result<AccountRow> PostgresStore::change_account(const std::string& id, const AccountChange& change,
                                                 const AuditRow& audit, const Call& call) {
  return write(DbOperation::accounts, call, [&](PgConnection& connection) -> Result<AccountRow> {
    auto found = pg_account_of(connection.ask(
        "SELECT " ARA_ACCOUNT_COLUMNS " FROM accounts WHERE id = $1 FOR UPDATE", id));
    if (!found) return std::unexpected(std::move(found.error()));
    if (!*found) return no_account(id);
    AccountRow row = with_change(std::move(**found), change);
    auto done =
        only_done(connection.ask("UPDATE accounts SET password_hash = $1, role = $2, tier = $3, "
                                 "active = $4, generation = $5 WHERE id = $6",
                                 row.password_hash, row.role, row.tier, row.active, row.generation,
                                 row.id))
            .and_then([&] { return pg_note_account(connection, audit); });
    if (!done) return std::unexpected(std::move(done.error()));
    return row;
  });
}

Result<std::optional<AccountRow>> PostgresStore::find_account(const std::string& id,
                                                              const Call& call) {
  return read(DbOperation::accounts, call, [&](PgConnection& connection) {
    return pg_account_of(
        connection.ask("SELECT " ARA_ACCOUNT_COLUMNS " FROM accounts WHERE id = $1", id));
  });
}

Result<std::optional<AccountRow>> PostgresStore::find_account_by_email(const std::string& email,
                                                                       const Call& call) {
  return read(DbOperation::accounts, call, [&](PgConnection& connection) {
    return pg_account_of(
        connection.ask("SELECT " ARA_ACCOUNT_COLUMNS " FROM accounts WHERE email = $1", email));
  });
}

Result<std::vector<AccountRow>> PostgresStore::accounts(const Call& call) {
  return read(DbOperation::accounts, call,
              [&](PgConnection& connection) -> Result<std::vector<AccountRow>> {
                const auto rows = connection.ask("SELECT " ARA_ACCOUNT_COLUMNS
                                                 " FROM accounts ORDER BY created, id");
                if (!rows) return std::unexpected(rows.error());
                std::vector<AccountRow> found;
                for (int row = 0; row < rows->size(); ++row) {
                  found.push_back(account_of(PgRow{*rows, row}));
                  found.back().password_hash.clear();
                }
                return found;
              });
}

Result<void> PostgresStore::put_audit(const AuditRow& audit, const Call& call) {
  return write(DbOperation::accounts, call,
               [&](PgConnection& connection) { return write_audit(connection, audit); });
}

Result<std::vector<AuditRow>> PostgresStore::audit_log(std::size_t limit, const Call& call) {
  return read(DbOperation::accounts, call,
              [&](PgConnection& connection) -> Result<std::vector<AuditRow>> {
                const auto rows = connection.ask(
                    "SELECT number, time, actor, action, target, detail FROM audit_log "
                    "ORDER BY number DESC LIMIT $1",
                    pg_window(limit));
                if (!rows) return std::unexpected(rows.error());
                std::vector<AuditRow> found;
                for (int number = 0; number < rows->size(); ++number) {
                  const PgRow row{*rows, number};
                  found.push_back({row.integer(0), wall_time(row.integer(1)),
                                   std::string(row.text(2)), std::string(row.text(3)),
                                   std::string(row.text(4)), std::string(row.text(5))});
                }
                return found;
              });
}

Result<DayLease> PostgresStore::lease_requests(const std::string& account_id, std::int64_t day,
                                               std::int64_t owed, std::int64_t want,
                                               std::int64_t limit, const Call& call) {
  return write(DbOperation::accounts, call, [&](PgConnection& connection) -> Result<DayLease> {
    // Locks the row, so that nobody lends of the same rest until this is committed.
    const auto counted = connection.ask(
        "INSERT INTO day_usage (day, account_id, used) VALUES ($1, $2, greatest(0, $3)) "
        "ON CONFLICT (day, account_id) DO UPDATE SET used = greatest(0, day_usage.used + $3) "
        "RETURNING used, xmax = 0",
        day, account_id, owed);
    if (!counted) return std::unexpected(counted.error());
    DayLease lease{.used = counted->integer(0, 0)};
    lease.granted = lendable(lease.used, want, limit);
    if (lease.granted > 0) {
      lease.used += lease.granted;
      const auto lent =
          connection.ask("UPDATE day_usage SET used = $3 WHERE day = $1 AND account_id = $2", day,
                         account_id, lease.used);
      if (!lent) return std::unexpected(lent.error());
    }
    if (const bool first_of_day = counted->flag(0, 1); first_of_day) {
      auto forgot = pg_forget_days(connection, day - kDaysKept);
      if (!forgot) return std::unexpected(std::move(forgot.error()));
    }
    return lease;
  });
}

Result<std::vector<DayUsageRow>> PostgresStore::day_usage(std::int64_t day, const Call& call) {
  return read(DbOperation::accounts, call,
              [&](PgConnection& connection) -> Result<std::vector<DayUsageRow>> {
                const auto rows = connection.ask(
                    "SELECT account_id, used FROM day_usage WHERE day = $1 ORDER BY account_id",
                    day);
                if (!rows) return std::unexpected(rows.error());
                std::vector<DayUsageRow> found;
                for (int row = 0; row < rows->size(); ++row) {
                  found.push_back({std::string(rows->text(row, 0)), rows->integer(row, 1)});
                }
                return found;
              });
}

}  // namespace ara::storage
