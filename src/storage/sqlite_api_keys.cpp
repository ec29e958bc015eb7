// The API keys of SqliteStore.
#include "storage/sqlite_store.h"

namespace ara::storage {
namespace {

// What key_of reads, in this order.
#define ARA_KEY_COLUMNS "id, account_id, name, hash, prefix, created, expires, revoked, last_used"

// Moments that have not come are NULL, which reads as 0.
std::optional<WallTime> moment_of(std::int64_t count) {
  return count == 0 ? std::nullopt : std::optional(wall_time(count));
}
std::int64_t count_of(const std::optional<WallTime>& moment) {
  return moment ? microseconds(*moment) : 0;
}

ApiKeyRow key_of(const SqliteStatement& row) {
  return {.id = std::string(row.text(0)),
          .account_id = std::string(row.text(1)),
          .name = std::string(row.text(2)),
          .hash = std::string(row.text(3)),
          .prefix = std::string(row.text(4)),
          .created = wall_time(row.integer(5)),
          .expires = moment_of(row.integer(6)),
          .revoked = moment_of(row.integer(7)),
          .last_used = moment_of(row.integer(8))};
}

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

std::unexpected<Error> no_key(const std::string& id) {
  return std::unexpected(Error{Code::not_found, "There is no API key '" + printable(id) + "'", "id",
                               printable(id), "the id of a key of yours"});
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
  auto connection = writer(call, Sync::full);
  if (!connection) return std::unexpected(connection.error());
  auto transaction = SqliteTransaction::begin(**connection, SqliteTransaction::Kind::write);
  if (!transaction) return std::unexpected(transaction.error());
  const auto owners =
      count(**connection, "SELECT count(*) FROM accounts WHERE id = ?", row.account_id);
  if (!owners) return std::unexpected(owners.error());
  if (*owners == 0) {
    return std::unexpected(Error{Code::not_found,
                                 "There is no account '" + printable(row.account_id) + "'", "id",
                                 printable(row.account_id), "the id of an account"});
  }
  const auto keys =
      count(**connection, "SELECT count(*) FROM api_keys WHERE account_id = ?", row.account_id);
  if (!keys) return std::unexpected(keys.error());
  if (*keys >= static_cast<std::int64_t>(most)) {
    return fail(Code::too_large, "An account has at most " + std::to_string(most) +
                                     " API keys: delete one that is not needed");
  }
  auto inserted = (*connection)
                      ->prepare("INSERT INTO api_keys (" ARA_KEY_COLUMNS
                                ") VALUES (?, ?, ?, ?, ?, ?, nullif(?, 0), nullif(?, 0), "
                                "nullif(?, 0)) ON CONFLICT DO NOTHING")
                      .bind(row.id, row.account_id, row.name, SqliteBlob{row.hash}, row.prefix,
                            microseconds(row.created), count_of(row.expires), count_of(row.revoked),
                            count_of(row.last_used))
                      .run();
  if (!inserted) return inserted;
  if ((*connection)->changed() == 0) return fail(Code::conflict, "There is such a key already");
  return write_audit(**connection, audit)
      .and_then([&] { return note_write(**connection, Changed::accounts); })
      .and_then([&] { return transaction->commit(); });
}

Result<ApiKeyRow> SqliteStore::revoke_api_key(const std::string& account_id, const std::string& id,
                                              const AuditRow& audit, const Call& call) {
  auto connection = writer(call, Sync::full);
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
  auto connection = writer(call, Sync::full);
  if (!connection) return std::unexpected(connection.error());
  auto transaction = SqliteTransaction::begin(**connection, SqliteTransaction::Kind::write);
  if (!transaction) return std::unexpected(transaction.error());
  auto key = read_key(**connection, account_id, id);
  if (!key) return key;
  if (key->revoked) {
    return fail(Code::conflict, "The API key '" + printable(id) + "' is revoked, for good");
  }
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
  auto connection = writer(call, Sync::full);
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
  auto connection = readers_.take(call);
  if (!connection) return std::unexpected(connection.error());
  SqliteStatement rows = (*connection)
                             ->prepare("SELECT " ARA_KEY_COLUMNS
                                       " FROM api_keys WHERE ?1 = '' OR account_id = ?1 "
                                       "ORDER BY created, id");
  return all_keys(rows.bind(account_id));
}

Result<void> SqliteStore::note_key_uses(std::span<const KeyUse> uses, const Call& call) {
  auto connection = writer(call, Sync::none);
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
