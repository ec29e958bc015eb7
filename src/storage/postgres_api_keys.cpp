// The API keys of PostgresStore; the order of locks is told in postgres_accounts.cpp.
#include <algorithm>

#include "base/format.h"
#include "storage/account_rows.h"
#include "storage/postgres_store.h"
#include "storage/postgres_values.h"

namespace ara::storage {
namespace {

/// The key of that account and id, locked until the transaction ends; Code::not_found.
Result<ApiKeyRow> pg_lock_key(PgConnection& connection, const std::string& account_id,
                              const std::string& id) {
  const auto rows = connection.ask("SELECT " ARA_KEY_COLUMNS
                                   " FROM api_keys WHERE id = $1 AND account_id = $2 FOR UPDATE",
                                   id, account_id);
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return no_key(id);
  return key_of(PgRow{*rows});
}

/// What ends each change of a key, if `done` went well.
Result<void> pg_note_key(PgConnection& connection, const Result<PgRows>& done,
                         const AuditRow& audit) {
  return only_done(done).and_then([&] { return write_audit(connection, audit); }).and_then([&] {
    return count_change(connection, "accounts");
  });
}

}  // namespace

Result<void> PostgresStore::put_api_key(const ApiKeyRow& row, std::size_t most,
                                        const AuditRow& audit, const Call& call) {
  return write(DbOperation::accounts, call, [&](PgConnection& connection) -> Result<void> {
    // With the account's row locked nobody else adds a key to it between the count and the insert.
    const auto owner =
        connection.ask("SELECT id FROM accounts WHERE id = $1 FOR UPDATE", row.account_id);
    if (!owner) return std::unexpected(owner.error());
    if (owner->empty()) return no_account(row.account_id);
    const auto keys =
        connection.ask("SELECT count(*) FROM api_keys WHERE account_id = $1", row.account_id);
    if (!keys) return std::unexpected(keys.error());
    if (static_cast<std::uint64_t>(keys->integer(0, 0)) >= most) return has_most_keys(most);
    const auto put = connection.ask(
        "INSERT INTO api_keys (" ARA_KEY_COLUMNS
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
        row.id, row.account_id, row.name, PgBytes{row.hash}, row.prefix, microseconds(row.created),
        microseconds(row.expires), microseconds(row.revoked), microseconds(row.last_used));
    if (put && put->changed() == 0) return key_exists();
    return pg_note_key(connection, put, audit);
  });
}

Result<ApiKeyRow> PostgresStore::revoke_api_key(const std::string& account_id,
                                                const std::string& id, const AuditRow& audit,
                                                const Call& call) {
  return write(DbOperation::accounts, call, [&](PgConnection& connection) -> Result<ApiKeyRow> {
    auto key = pg_lock_key(connection, account_id, id);
    if (!key || key->revoked) return key;
    key->revoked = audit.when;
    auto done = pg_note_key(connection,
                            connection.ask("UPDATE api_keys SET revoked = $1 WHERE id = $2",
                                           microseconds(audit.when), id),
                            audit);
    if (!done) return std::unexpected(std::move(done.error()));
    return key;
  });
}

Result<ApiKeyRow> PostgresStore::rotate_api_key(const std::string& account_id,
                                                const std::string& id, const std::string& hash,
                                                const std::string& prefix, const AuditRow& audit,
                                                const Call& call) {
  return write(DbOperation::accounts, call, [&](PgConnection& connection) -> Result<ApiKeyRow> {
    auto key = pg_lock_key(connection, account_id, id);
    if (!key) return key;
    if (key->revoked) return key_is_revoked(id);
    key->hash = hash;
    key->prefix = prefix;
    auto done =
        pg_note_key(connection,
                    connection.ask("UPDATE api_keys SET hash = $1, prefix = $2 WHERE id = $3",
                                   PgBytes{hash}, prefix, id),
                    audit);
    if (!done) return std::unexpected(std::move(done.error()));
    return key;
  });
}

Result<void> PostgresStore::remove_api_key(const std::string& account_id, const std::string& id,
                                           const AuditRow& audit, const Call& call) {
  return write(DbOperation::accounts, call, [&](PgConnection& connection) -> Result<void> {
    const auto removed =
        connection.ask("DELETE FROM api_keys WHERE id = $1 AND account_id = $2", id, account_id);
    if (removed && removed->changed() == 0) return no_key(id);
    return pg_note_key(connection, removed, audit);
  });
}

Result<std::vector<ApiKeyRow>> PostgresStore::api_keys(const std::string& account_id,
                                                       const Call& call) {
  return read(DbOperation::accounts, call,
              [&](PgConnection& connection) -> Result<std::vector<ApiKeyRow>> {
                const auto rows = connection.ask("SELECT " ARA_KEY_COLUMNS
                                                 " FROM api_keys WHERE $1 = '' OR account_id = $1 "
                                                 "ORDER BY created, id",
                                                 account_id);
                if (!rows) return std::unexpected(rows.error());
                std::vector<ApiKeyRow> found;
                for (int row = 0; row < rows->size(); ++row)
                  found.push_back(key_of(PgRow{*rows, row}));
                return found;
              });
}

Result<void> PostgresStore::note_key_uses(std::span<const KeyUse> uses, const Call& call) {
  if (uses.empty()) return {};
  std::vector<std::string> ids;
  std::string times = "{";
  for (const KeyUse& use : uses) {
    ids.push_back(use.key_id);
    times += ara::format("{},", microseconds(use.when));
  }
  times.back() = '}';
  const std::string keys = pg_array(ids);
  return write(DbOperation::accounts, call, [&](PgConnection& connection) -> Result<void> {
    // Every server notes the uses of much the same keys at much the same time: locked in one order
    // first, they are updated without one waiting for the other in a ring.
    const auto locked = connection.ask(
        "SELECT id FROM api_keys WHERE id = ANY ($1::text[]) ORDER BY id FOR UPDATE", keys);
    return only_done(locked).and_then([&] {
      return only_done(connection.ask(
          "UPDATE api_keys k SET last_used = u.time FROM "
          "(SELECT id, max(time) AS time FROM unnest($1::text[], $2::bigint[]) AS n (id, time) "
          "GROUP BY id) u WHERE k.id = u.id AND (k.last_used IS NULL OR k.last_used < u.time)",
          keys, times));
    });
  });
}

}  // namespace ara::storage
