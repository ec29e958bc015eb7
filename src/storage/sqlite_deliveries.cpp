// The deliveries to webhooks of SqliteStore.
#include "storage/sqlite_store.h"
#include "storage/webhook_rows.h"

namespace ara::storage {
namespace {

/// Inserts the deliveries of an event: to those of the account that want it, or to one webhook.
constexpr std::string_view kPutEvent = R"(
INSERT INTO deliveries (id, webhook, event, type, body, status, created, due)
SELECT 'del_' || lower(hex(randomblob(8))), w.id, ?1, ?2, ?3, 'pending', ?4, ?4
FROM webhooks w
WHERE CASE WHEN ?7 <> '' THEN w.id = ?7 ELSE w.active AND instr(w.events, ',' || ?2 || ',') > 0 END
  AND (?5 = 0 OR w.account = ?6)
  AND (SELECT count(*) FROM deliveries d
       WHERE d.webhook = w.id AND d.status IN ('pending', 'retrying')) < ?8)";

}  // namespace

Result<std::uint64_t> write_event(SqliteConnection& connection, const EventRow& event,
                                  const std::string& webhook, std::size_t backlog) {
  auto done = connection.prepare(kPutEvent)
                  .bind(event.id, event.type, event.body, microseconds(event.created),
                        event.account.has_value(), event.account.value_or(""), webhook, backlog)
                  .run();
  if (!done) return std::unexpected(done.error());
  return connection.changed();
}

Result<std::uint64_t> SqliteStore::put_event(const EventRow& event, std::size_t backlog,
                                             const Call& call) {
  auto connection = writer(call, Sync::full, DbOperation::webhooks);
  if (!connection) return std::unexpected(connection.error());
  return write_event(**connection, event, "", backlog);
}

Result<DeliveryRow> SqliteStore::put_test_event(const EventRow& event, const std::string& webhook,
                                                std::size_t backlog, const Call& call) {
  if (webhook.empty() || !event.account) return no_webhook(webhook);
  auto connection = writer(call, Sync::full, DbOperation::webhooks);
  if (!connection) return std::unexpected(connection.error());
  auto transaction = SqliteTransaction::begin(**connection, SqliteTransaction::Kind::write);
  if (!transaction) return std::unexpected(transaction.error());
  {
    SqliteStatement known =
        (*connection)->prepare("SELECT count(*) FROM webhooks WHERE id = ? AND account = ?");
    const auto count = number_of(known.bind(webhook, *event.account));
    if (!count) return std::unexpected(count.error());
    if (*count == 0) return no_webhook(webhook);
  }
  const auto put = write_event(**connection, event, webhook, backlog);
  if (!put) return std::unexpected(put.error());
  if (*put == 0) return backlog_is_full(backlog);
  Result<DeliveryRow> made;
  {
    SqliteStatement row = (*connection)
                              ->prepare("SELECT " ARA_DELIVERY_COLUMNS
                                        " FROM deliveries d WHERE d.event = ? AND d.webhook = ?");
    const auto found = row.bind(event.id, webhook).step();
    if (!found) return std::unexpected(found.error());
    made = delivery_of(row);
  }
  if (auto done = transaction->commit(); !done) return std::unexpected(done.error());
  return made;
}

Result<std::vector<LeasedDelivery>> SqliteStore::lease_deliveries(WallTime now, WallTime until,
                                                                  std::size_t limit,
                                                                  const Call& call) {
  std::vector<LeasedDelivery> leased;
  {
    // Most looks find nothing to do, and should not take the write lock for it.
    auto reader = readers_.take(call, DbOperation::webhooks);
    if (!reader) return std::unexpected(reader.error());
    SqliteStatement due = (*reader)->prepare(
        "SELECT count(*) FROM (SELECT 1 FROM deliveries WHERE status IN ('pending', 'retrying') "
        "AND due <= ?1 AND leased_until <= ?1 LIMIT 1)");
    const auto any = number_of(due.bind(microseconds(now)));
    if (!any) return std::unexpected(any.error());
    if (*any == 0) return leased;
  }
  auto connection = writer(call, Sync::full, DbOperation::webhooks);
  if (!connection) return std::unexpected(connection.error());
  auto transaction = SqliteTransaction::begin(**connection, SqliteTransaction::Kind::write);
  if (!transaction) return std::unexpected(transaction.error());
  {
    // SQLite takes `id` from the row that has the least `due` of its group.
    SqliteStatement rows =
        (*connection)->prepare("SELECT " ARA_DELIVERY_COLUMNS R"(, w.url, w.secret
FROM (SELECT id, min(due) FROM deliveries
      WHERE status IN ('pending', 'retrying') AND due <= ?1 AND webhook NOT IN
        (SELECT webhook FROM deliveries
         WHERE status IN ('pending', 'retrying') AND leased_until > ?1)
      GROUP BY webhook LIMIT ?2) next
JOIN deliveries d ON d.id = next.id JOIN webhooks w ON w.id = d.webhook)");
    rows.bind(microseconds(now), limit);
    for (;;) {
      const auto row = rows.step();
      if (!row) return std::unexpected(row.error());
      if (!*row) break;
      auto delivery = delivery_of(rows);
      if (!delivery) return std::unexpected(delivery.error());
      ++delivery->attempts;
      leased.push_back({std::move(*delivery), std::string(rows.text(kDeliveryColumns)),
                        std::string(rows.text(kDeliveryColumns + 1))});
    }
  }
  for (const LeasedDelivery& lease : leased) {
    auto done = (*connection)
                    ->prepare("UPDATE deliveries SET attempts = ?, leased_until = ? WHERE id = ?")
                    .bind(lease.row.attempts, microseconds(until), lease.row.id)
                    .run();
    if (!done) return std::unexpected(done.error());
  }
  if (auto done = transaction->commit(); !done) return std::unexpected(done.error());
  return leased;
}

Result<void> SqliteStore::finish_delivery(const DeliveryRow& row, WallTime now, const Call& call) {
  auto connection = writer(call, Sync::full, DbOperation::webhooks);
  if (!connection) return std::unexpected(connection.error());
  auto transaction = SqliteTransaction::begin(**connection, SqliteTransaction::Kind::write);
  if (!transaction) return std::unexpected(transaction.error());
  auto done = (*connection)
                  ->prepare(
                      "UPDATE deliveries SET status = ?1, response_code = ?2, response_body = ?3, "
                      "error = ?4, delivered = ?5, due = ?6, leased_until = 0 "
                      "WHERE id = ?7 AND attempts = ?8 AND leased_until > 0 "
                      "AND status IN ('pending', 'retrying')")
                  .bind(to_string(row.status), row.response_code, row.response_body, row.error,
                        or_zero(row.delivered), or_zero(row.due), row.id, row.attempts)
                  .run();
  if (!done) return done;
  if ((*connection)->changed() == 0) return not_under_way(row.id);
  if (row.status == DeliveryStatus::success || row.status == DeliveryStatus::failed) {
    const bool success = row.status == DeliveryStatus::success;
    done = (*connection)
               ->prepare(
                   "UPDATE webhooks SET deliveries = deliveries + 1, successes = successes + ?1, "
                   "failures = failures + ?2, last_delivery = ?3, last_status = ?4 WHERE id = ?5")
               .bind(success, !success, microseconds(now), to_string(row.status), row.webhook)
               .run();
    if (!done) return done;
  }
  return transaction->commit();
}

Result<Listed<DeliveryRow>> SqliteStore::deliveries(const std::string& account,
                                                    const std::string& webhook,
                                                    std::optional<DeliveryStatus> status,
                                                    Window window, const Call& call) {
  const auto known = find_webhook(account, webhook, call);
  if (!known) return std::unexpected(known.error());
  if (!*known) return no_webhook(webhook);
  auto connection = readers_.take(call, DbOperation::webhooks);
  if (!connection) return std::unexpected(connection.error());
  auto snapshot = SqliteTransaction::begin(**connection, SqliteTransaction::Kind::read);
  if (!snapshot) return std::unexpected(snapshot.error());
  const std::string_view wanted = status ? to_string(*status) : "";
  Listed<DeliveryRow> listed;
  SqliteStatement all = (*connection)
                            ->prepare(
                                "SELECT count(*) FROM deliveries WHERE webhook = ?1 "
                                "AND (?2 = '' OR status = ?2)");
  const auto total = number_of(all.bind(webhook, wanted));
  if (!total) return std::unexpected(total.error());
  listed.total = *total;
  SqliteStatement rows =
      (*connection)
          ->prepare("SELECT " ARA_DELIVERY_COLUMNS
                    " FROM deliveries d WHERE d.webhook = ?1 AND (?2 = '' OR d.status = ?2) "
                    "ORDER BY d.created DESC, d.id LIMIT ?3 OFFSET ?4");
  rows.bind(webhook, wanted, window.limit, window.offset);
  for (;;) {
    const auto row = rows.step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return listed;
    auto delivery = delivery_of(rows);
    if (!delivery) return std::unexpected(delivery.error());
    listed.rows.push_back(std::move(*delivery));
  }
}

Result<std::uint64_t> SqliteStore::prune_deliveries(WallTime before, const Call& call) {
  auto connection = writer(call, Sync::none, DbOperation::webhooks);
  if (!connection) return std::unexpected(connection.error());
  auto done = (*connection)
                  ->prepare(
                      "DELETE FROM deliveries WHERE status IN ('success', 'failed') "
                      "AND created < ?")
                  .bind(microseconds(before))
                  .run();
  if (!done) return std::unexpected(done.error());
  return (*connection)->changed();
}

}  // namespace ara::storage
