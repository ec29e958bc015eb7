// The webhooks of SqliteStore.
#include "storage/sqlite_store.h"
#include "storage/webhook_rows.h"

namespace ara::storage {

Result<void> SqliteStore::put_webhook(const WebhookRow& row, std::size_t most, const Call& call) {
  auto connection = writer(call, Sync::full, DbOperation::webhooks);
  if (!connection) return std::unexpected(connection.error());
  auto transaction = SqliteTransaction::begin(**connection, SqliteTransaction::Kind::write);
  if (!transaction) return std::unexpected(transaction.error());
  {
    SqliteStatement has = (*connection)->prepare("SELECT count(*) FROM webhooks WHERE account = ?");
    const auto count = number_of(has.bind(row.account));
    if (!count) return std::unexpected(count.error());
    if (*count >= most) return has_most_webhooks(most);
  }
  auto done =
      (*connection)
          ->prepare(
              "INSERT INTO webhooks (id, account, url, events, secret, description, "
              "active, created, updated) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "
              "ON CONFLICT (id) DO NOTHING")
          .bind(row.id, row.account, row.url, join_events(row.events), row.secret, row.description,
                row.active, microseconds(row.created), microseconds(row.updated))
          .run();
  if (!done) return done;
  if ((*connection)->changed() == 0) return webhook_exists(row.id);
  return transaction->commit();
}

Result<void> SqliteStore::update_webhook(const WebhookRow& row, const Call& call) {
  auto connection = writer(call, Sync::full, DbOperation::webhooks);
  if (!connection) return std::unexpected(connection.error());
  auto done = (*connection)
                  ->prepare(
                      "UPDATE webhooks SET url = ?, events = ?, secret = ?, description = ?, "
                      "active = ?, updated = ? WHERE id = ? AND account = ?")
                  .bind(row.url, join_events(row.events), row.secret, row.description, row.active,
                        microseconds(row.updated), row.id, row.account)
                  .run();
  if (!done) return done;
  if ((*connection)->changed() == 0) return no_webhook(row.id);
  return {};
}

Result<bool> SqliteStore::delete_webhook(const std::string& account, const std::string& id,
                                         const Call& call) {
  auto connection = writer(call, Sync::full, DbOperation::webhooks);
  if (!connection) return std::unexpected(connection.error());
  auto transaction = SqliteTransaction::begin(**connection, SqliteTransaction::Kind::write);
  if (!transaction) return std::unexpected(transaction.error());
  auto done = (*connection)
                  ->prepare(
                      "DELETE FROM deliveries WHERE webhook = "
                      "(SELECT id FROM webhooks WHERE id = ? AND account = ?)")
                  .bind(id, account)
                  .run();
  if (!done) return std::unexpected(done.error());
  done = (*connection)
             ->prepare("DELETE FROM webhooks WHERE id = ? AND account = ?")
             .bind(id, account)
             .run();
  if (!done) return std::unexpected(done.error());
  const bool deleted = (*connection)->changed() == 1;
  if (done = transaction->commit(); !done) return std::unexpected(done.error());
  return deleted;
}

Result<std::optional<WebhookRow>> SqliteStore::find_webhook(const std::string& account,
                                                            const std::string& id,
                                                            const Call& call) {
  auto connection = readers_.take(call, DbOperation::webhooks);
  if (!connection) return std::unexpected(connection.error());
  SqliteStatement row =
      (*connection)
          ->prepare("SELECT " ARA_WEBHOOK_COLUMNS " FROM webhooks WHERE id = ? AND account = ?");
  const auto found = row.bind(id, account).step();
  if (!found) return std::unexpected(found.error());
  if (!*found) return std::nullopt;
  return webhook_of(row);
}

Result<Listed<WebhookRow>> SqliteStore::webhooks(const std::string& account, bool active_only,
                                                 Window window, const Call& call) {
  auto connection = readers_.take(call, DbOperation::webhooks);
  if (!connection) return std::unexpected(connection.error());
  auto snapshot = SqliteTransaction::begin(**connection, SqliteTransaction::Kind::read);
  if (!snapshot) return std::unexpected(snapshot.error());
  Listed<WebhookRow> listed;
  SqliteStatement all = (*connection)
                            ->prepare(
                                "SELECT count(*) FROM webhooks WHERE account = ?1 "
                                "AND (active OR NOT ?2)");
  const auto total = number_of(all.bind(account, active_only));
  if (!total) return std::unexpected(total.error());
  listed.total = *total;
  SqliteStatement rows = (*connection)
                             ->prepare("SELECT " ARA_WEBHOOK_COLUMNS
                                       " FROM webhooks WHERE account = ?1 AND (active OR NOT ?2) "
                                       "ORDER BY created DESC, id LIMIT ?3 OFFSET ?4");
  rows.bind(account, active_only, window.limit, window.offset);
  for (;;) {
    const auto row = rows.step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return listed;
    listed.rows.push_back(webhook_of(rows));
  }
}

Result<bool> SqliteStore::wants_event(std::string_view type, const Call& call) {
  auto connection = readers_.take(call, DbOperation::webhooks);
  if (!connection) return std::unexpected(connection.error());
  SqliteStatement wanted = (*connection)
                               ->prepare(
                                   "SELECT count(*) FROM (SELECT 1 FROM webhooks WHERE active "
                                   "AND instr(events, ',' || ? || ',') > 0 LIMIT 1)");
  const auto count = number_of(wanted.bind(type));
  if (!count) return std::unexpected(count.error());
  return *count > 0;
}

}  // namespace ara::storage
