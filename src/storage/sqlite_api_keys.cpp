// The API keys of SqliteStore.
#include "storage/account_rows.h"
#include "storage/sqlite_store.h"

namespace ara::storage {
namespace {

Result<std::vector<ApiKeyRow>> all_keys(SqliteStatement& rows) {
  std::vector<ApiKeyRow> found;
  for (;;) {
    const auto row = rows.step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return found;
    found.push_back(key_of(rows));
  }
}

Result<std::int64_t> count(SqliteConnection& connection, std::string_view question,
                           const std::string& account_id) {
  SqliteStatement row = connection.prepare(question);
  const auto found = row.bind(account_id).step();
  if (!found) return std::unexpected(found.error());
  return row.integer(0);
}

/// The key of that account and id, Code::not_found where there is none.
Result<ApiKeyRow> read_key(SqliteConnection& connection, const std::string& account_id,
                           const std::string& id) {
  SqliteStatement rows = connection.prepare("SELECT " ARA_KEY_COLUMNS
                                            " FROM api_keys WHERE id = ? AND account_id = ?");
  auto found = all_keys(rows.bind(id, account_id));
  if (!found) return std::unexpected(std::move(found.error()));
  if (found->empty()) return no_key(id);
  return std::move(found->front());
}

}  // namespace

Result<void> SqliteStore::put_api_key(const ApiKeyRow& row, std::size_t most, const AuditRow& audit,
                                      const Call& call) {
  auto connection = writer(call, Sync::full, DbOperation::accounts);
  if (!connection) return std::unexpected(connection.error());
  auto transaction = SqliteTransaction::begin(**connection, SqliteTransaction::Kind::write);
  if (!transaction) return std::unexpected(transaction.error());
  const auto owners =
      count(**connection, "SELECT count(*) FROM accounts WHERE id = ?", row.account_id);
  if (!owners) return std::unexpected(owners.error());
  if (*owners == 0) return no_account(row.account_id);
  const auto keys =
      count(**connection, "SELECT count(*) FROM api_keys WHERE account_id = ?", row.account_id);
  if (!keys) return std::unexpected(keys.error());
  if (*keys >= static_cast<std::int64_t>(most)) return has_most_keys(most);
  auto inserted = (*connection)
                      ->prepare("INSERT INTO api_keys (" ARA_KEY_COLUMNS
                                ") VALUES (?, ?, ?, ?, ?, ?, nullif(?, 0), nullif(?, 0), "
                                "nullif(?, 0)) ON CONFLICT DO NOTHING")
                      .bind(row.id, row.account_id, row.name, SqliteBlob{row.hash}, row.prefix,
                            microseconds(row.created), or_zero(row.expires), or_zero(row.revoked),
                            or_zero(row.last_used))
                      .run();
  if (!inserted) return inserted;
  if ((*connection)->changed() == 0) return key_exists();
  return write_audit(**connection, audit)
      .and_then([&] { return note_write(**connection, Changed::accounts); })
      .and_then([&] { return transaction->commit(); });
}

Result<ApiKeyRow> SqliteStore::revoke_api_key(const std::string& account_id, const std::string& id,
                                              const AuditRow& audit, const Call& call) {
  auto connection = writer(call, Sync::full, DbOperation::accounts);
  if (!connection) return std::unexpected(connection.error());
  auto transaction = SqliteTransaction::begin(**connection, SqliteTransaction::Kind::write);
  if (!transaction) return std::unexpected(transaction.error());
  auto key = read_key(**connection, account_id, id);
  if (!key || key->revoked) return key;
  key->revoked = audit.when;
  auto done = (*connection)
                  ->prepare("UPDATE api_keys SET revoked = ? WHERE id = ?")
                  .bind(microseconds(audit.when), id)
                  .run()
                  .and_then([&] { return write_audit(**connection, audit); })
                  .and_then([&] { return note_write(**connection, Changed::accounts); })
                  .and_then([&] { return transaction->commit(); });
  if (!done) return std::unexpected(std::move(done.error()));
  return key;
}

Result<ApiKeyRow> SqliteStore::rotate_api_key(const std::string& account_id, const std::string& id,
                                              const std::string& hash, const std::string& prefix,
                                              const AuditRow& audit, const Call& call) {
  auto connection = writer(call, Sync::full, DbOperation::accounts);
  if (!connection) return std::unexpected(connection.error());
  auto transaction = SqliteTransaction::begin(**connection, SqliteTransaction::Kind::write);
  if (!transaction) return std::unexpected(transaction.error());
  auto key = read_key(**connection, account_id, id);
  if (!key) return key;
  if (key->revoked) return key_is_revoked(id);
  key->hash = hash;
  key->prefix = prefix;
  auto done = (*connection)
                  ->prepare("UPDATE api_keys SET hash = ?, prefix = ? WHERE id = ?")
                  .bind(SqliteBlob{hash}, prefix, id)
                  .run()
                  .and_then([&] { return write_audit(**connection, audit); })
                  .and_then([&] { return note_write(**connection, Changed::accounts); })
                  .and_then([&] { return transaction->commit(); });
  if (!done) return std::unexpected(std::move(done.error()));
  return key;
}

Result<void> SqliteStore::remove_api_key(const std::string& account_id, const std::string& id,
                                         const AuditRow& audit, const Call& call) {
  auto connection = writer(call, Sync::full, DbOperation::accounts);
  if (!connection) return std::unexpected(connection.error());
  auto transaction = SqliteTransaction::begin(**connection, SqliteTransaction::Kind::write);
  if (!transaction) return std::unexpected(transaction.error());
  auto removed = (*connection)
                     ->prepare("DELETE FROM api_keys WHERE id = ? AND account_id = ?")
                     .bind(id, account_id)
                     .run();
  if (!removed) return removed;
  if ((*connection)->changed() == 0) return no_key(id);
  return write_audit(**connection, audit)
      .and_then([&] { return note_write(**connection, Changed::accounts); })
      .and_then([&] { return transaction->commit(); });
}

Result<std::vector<ApiKeyRow>> SqliteStore::api_keys(const std::string& account_id,
                                                     const Call& call) {
  auto connection = readers_.take(call, DbOperation::accounts);
  if (!connection) return std::unexpected(connection.error());
  SqliteStatement rows = (*connection)
                             ->prepare("SELECT " ARA_KEY_COLUMNS
                                       " FROM api_keys WHERE ?1 = '' OR account_id = ?1 "
                                       "ORDER BY created, id");
  return all_keys(rows.bind(account_id));
}

Result<void> SqliteStore::note_key_uses(std::span<const KeyUse> uses, const Call& call) {
  auto connection = writer(call, Sync::none, DbOperation::accounts);
  if (!connection) return std::unexpected(connection.error());
  auto transaction = SqliteTransaction::begin(**connection, SqliteTransaction::Kind::write);
  if (!transaction) return std::unexpected(transaction.error());
  for (const KeyUse& use : uses) {
    auto noted =
        (*connection)
            ->prepare("UPDATE api_keys SET last_used = max(ifnull(last_used, 0), ?) WHERE id = ?")
            .bind(microseconds(use.when), use.key_id)
            .run();
    if (!noted) return noted;
  }
  return transaction->commit();
}

}  // namespace ara::storage
