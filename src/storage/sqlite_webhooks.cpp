// The webhooks of SqliteStore.
#include <algorithm>

#include "storage/sqlite_store.h"

namespace ara::storage {
namespace {

/// Names of event types are words; the list is kept as ",one,two," so that one is found in it.
std::string joined(const std::vector<std::string>& events) {
  std::string text = ",";
  for (const std::string& event : events) text += event + ",";
  return text;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> events;
  while (text.size() > 1) {
    text.remove_prefix(1);
    const std::size_t comma = std::min(text.find(','), text.size());
    events.emplace_back(text.substr(0, comma));
    text.remove_prefix(comma);
  }
  return events;
}

// What webhook_of reads.
#define ARA_WEBHOOK_COLUMNS                                                               \
  "id, account, url, events, secret, description, active, created, updated, deliveries, " \
  "successes, failures, last_delivery, last_status"

WebhookRow webhook_of(const SqliteStatement& row) {
  return {.id = std::string(row.text(0)),
          .account = std::string(row.text(1)),
          .url = std::string(row.text(2)),
          .events = split(row.text(3)),
          .secret = std::string(row.text(4)),
          .description = std::string(row.text(5)),
          .active = row.integer(6) != 0,
          .created = wall_time(row.integer(7)),
          .updated = wall_time(row.integer(8)),
          .deliveries = static_cast<std::uint64_t>(row.integer(9)),
          .successes = static_cast<std::uint64_t>(row.integer(10)),
          .failures = static_cast<std::uint64_t>(row.integer(11)),
          .last_delivery = or_nothing(row.integer(12)),
          .last_status = std::string(row.text(13))};
}

std::unexpected<Error> no_webhook(const std::string& id) {
  return fail(Code::not_found, "there is no webhook '" + printable(id) + "'");
}

}  // namespace

Result<void> SqliteStore::put_webhook(const WebhookRow& row, std::size_t most, const Call& call) {
  auto connection = writer(call, Sync::full);
  if (!connection) return std::unexpected(connection.error());
  auto transaction = SqliteTransaction::begin(**connection, SqliteTransaction::Kind::write);
  if (!transaction) return std::unexpected(transaction.error());
  {
    SqliteStatement has = (*connection)->prepare("SELECT count(*) FROM webhooks WHERE account = ?");
    const auto count = number_of(has.bind(row.account));
    if (!count) return std::unexpected(count.error());
    if (*count >= most) {
      return fail(Code::too_large,
                  "an account may have " + std::to_string(most) + " webhooks, and has them");
    }
  }
  auto done =
      (*connection)
          ->prepare(
              "INSERT INTO webhooks (id, account, url, events, secret, description, "
              "active, created, updated) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "
              "ON CONFLICT (id) DO NOTHING")
          .bind(row.id, row.account, row.url, joined(row.events), row.secret, row.description,
                row.active, microseconds(row.created), microseconds(row.updated))
          .run();
  if (!done) return done;
  if ((*connection)->changed() == 0) {
    return fail(Code::conflict, "there is a webhook '" + printable(row.id) + "' already");
  }
  return transaction->commit();
}

Result<void> SqliteStore::update_webhook(const WebhookRow& row, const Call& call) {
  auto connection = writer(call, Sync::full);
  if (!connection) return std::unexpected(connection.error());
  auto done = (*connection)
                  ->prepare(
                      "UPDATE webhooks SET url = ?, events = ?, secret = ?, description = ?, "
                      "active = ?, updated = ? WHERE id = ? AND account = ?")
                  .bind(row.url, joined(row.events), row.secret, row.description, row.active,
                        microseconds(row.updated), row.id, row.account)
                  .run();
  if (!done) return done;
  if ((*connection)->changed() == 0) return no_webhook(row.id);
  return {};
}

Result<bool> SqliteStore::delete_webhook(const std::string& account, const std::string& id,
                                         const Call& call) {
  auto connection = writer(call, Sync::full);
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
  auto connection = readers_.take(call);
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
  auto connection = readers_.take(call);
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
  auto connection = readers_.take(call);
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
