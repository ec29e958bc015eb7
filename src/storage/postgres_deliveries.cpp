// The deliveries to webhooks of PostgresStore.
//
// Who touches the unfinished deliveries of a webhook holds the webhook's row, and locks several of
// these rows ascending by id, or passes over those that others hold. So a backlog is counted and
// added to in one piece, and of each webhook one delivery at most is under way.
#include "storage/postgres_store.h"
#include "storage/postgres_values.h"
#include "storage/webhook_rows.h"

namespace ara::storage {
namespace {

/// The ids that a statement gave.
Result<std::vector<std::string>> pg_ids_of(const Result<PgRows>& rows) {
  if (!rows) return std::unexpected(rows.error());
  std::vector<std::string> ids;
  for (int row = 0; row < rows->size(); ++row) ids.emplace_back(rows->text(row, 0));
  return ids;
}

// Webhooks with a delivery due at $1 and none leased, those first that wait longest; $2 at most.
#define ARA_PG_WITH_WORK                                                                     \
  "SELECT w.id FROM webhooks w CROSS JOIN LATERAL (SELECT due FROM deliveries d "            \
  "WHERE d.webhook = w.id AND d.status IN ('pending', 'retrying') AND d.due <= $1 "          \
  "ORDER BY d.due LIMIT 1) next WHERE NOT EXISTS (SELECT FROM deliveries o "                 \
  "WHERE o.webhook = w.id AND o.status IN ('pending', 'retrying') AND o.leased_until > $1) " \
  "ORDER BY next.due, w.id LIMIT $2"

/// Leases what is due of webhooks that the transaction has locked.
Result<std::vector<LeasedDelivery>> pg_lease_of(PgConnection& connection, WallTime now,
                                                WallTime until,
                                                const std::vector<std::string>& webhooks) {
  const auto rows = connection.ask(
      "WITH next AS (SELECT n.id FROM unnest($3::text[]) AS w (id) CROSS JOIN LATERAL ("
      "SELECT id FROM deliveries d WHERE d.webhook = w.id AND d.status IN ('pending', 'retrying') "
      "AND d.due <= $1 ORDER BY d.due, d.created, d.id LIMIT 1) n WHERE NOT EXISTS ("
      "SELECT FROM deliveries o WHERE o.webhook = w.id AND o.status IN ('pending', 'retrying') "
      "AND o.leased_until > $1)) "
      "UPDATE deliveries d SET attempts = d.attempts + 1, leased_until = $2 "
      "FROM next, webhooks h WHERE d.id = next.id AND h.id = d.webhook "
      "RETURNING " ARA_DELIVERY_COLUMNS ", h.url, h.secret",
      microseconds(now), microseconds(until), pg_array(webhooks));
  if (!rows) return std::unexpected(rows.error());
  std::vector<LeasedDelivery> leased;
  for (int number = 0; number < rows->size(); ++number) {
    const PgRow row{*rows, number};
    auto delivery = delivery_of(row);
    if (!delivery) return std::unexpected(std::move(delivery.error()));
    leased.push_back({std::move(*delivery), std::string(row.text(kDeliveryColumns)),
                      std::string(row.text(kDeliveryColumns + 1))});
  }
  return leased;
}

/// Counts at its webhook, which is locked, how a delivery ended.
Result<void> pg_count_end(PgConnection& connection, const DeliveryRow& row, WallTime now) {
  const bool success = row.status == DeliveryStatus::success;
  return only_done(
      connection.ask("UPDATE webhooks SET deliveries = deliveries + 1, successes = successes + $1, "
                     "failures = failures + $2, last_delivery = $3, last_status = $4 WHERE id = $5",
                     success, !success, microseconds(now), to_string(row.status), row.webhook));
}

}  // namespace

Result<std::uint64_t> write_event(PgConnection& connection, const EventRow& event,
                                  const std::string& webhook, std::size_t backlog) {
  const auto wanted = pg_ids_of(
      connection.ask("SELECT id FROM webhooks WHERE CASE WHEN $1 <> '' THEN id = $1 "
                     "ELSE active = 1 AND strpos(events, ',' || $2 || ',') > 0 END "
                     "AND ($3 = 0 OR account = $4) ORDER BY id FOR UPDATE",
                     webhook, event.type, event.account.has_value(), event.account.value_or("")));
  if (!wanted) return std::unexpected(wanted.error());
  if (wanted->empty()) return 0;
  // A statement of its own, which sees what was committed while the first one waited.
  const auto put = connection.ask(
      "INSERT INTO deliveries (id, webhook, event, type, body, status, created, due) "
      "SELECT 'del_' || right(translate(gen_random_uuid()::text, '-', ''), 16), w.id, $1, $2, $3, "
      "'pending', $4, $4 FROM unnest($5::text[]) AS w (id) WHERE (SELECT count(*) FROM deliveries "
      "d "
      "WHERE d.webhook = w.id AND d.status IN ('pending', 'retrying')) < $6",
      event.id, event.type, event.body, microseconds(event.created), pg_array(*wanted),
      pg_window(backlog));
  if (!put) return std::unexpected(put.error());
  return put->changed();
}

Result<std::uint64_t> PostgresStore::put_event(const EventRow& event, std::size_t backlog,
                                               const Call& call) {
  return write(DbOperation::webhooks, call, [&](PgConnection& connection) {
    return write_event(connection, event, "", backlog);
  });
}

Result<DeliveryRow> PostgresStore::put_test_event(const EventRow& event, const std::string& webhook,
                                                  std::size_t backlog, const Call& call) {
  if (webhook.empty() || !event.account) return no_webhook(webhook);
  return write(DbOperation::webhooks, call, [&](PgConnection& connection) -> Result<DeliveryRow> {
    const auto known =
        connection.ask("SELECT id FROM webhooks WHERE id = $1 AND account = $2 FOR UPDATE", webhook,
                       *event.account);
    if (!known) return std::unexpected(known.error());
    if (known->empty()) return no_webhook(webhook);
    const auto put = write_event(connection, event, webhook, backlog);
    if (!put) return std::unexpected(put.error());
    if (*put == 0) return backlog_is_full(backlog);
    const auto rows = connection.ask("SELECT " ARA_DELIVERY_COLUMNS
                                     " FROM deliveries d WHERE d.webhook = $1 AND d.event = $2",
                                     webhook, event.id);
    if (!rows) return std::unexpected(rows.error());
    return delivery_of(PgRow{*rows});
  });
}

Result<std::vector<LeasedDelivery>> PostgresStore::lease_deliveries(WallTime now, WallTime until,
                                                                    std::size_t limit,
                                                                    const Call& call) {
  // Most looks find nothing to do, and should write nothing for it.
  const auto any = read(DbOperation::webhooks, call, [&](PgConnection& connection) {
    return pg_ids_of(connection.ask(ARA_PG_WITH_WORK, microseconds(now), std::int64_t{1}));
  });
  if (!any) return std::unexpected(any.error());
  if (any->empty() || limit == 0) return {};
  return write(DbOperation::webhooks, call,
               [&](PgConnection& connection) -> Result<std::vector<LeasedDelivery>> {
                 for (;;) {
                   const auto webhooks =
                       pg_ids_of(connection.ask(ARA_PG_WITH_WORK " FOR UPDATE OF w SKIP LOCKED",
                                                microseconds(now), pg_window(limit)));
                   if (!webhooks) return std::unexpected(webhooks.error());
                   if (webhooks->empty()) return {};
                   auto leased = pg_lease_of(connection, now, until, *webhooks);
                   // Another may have leased of all of them after they were looked for and before
                   // they were locked; that they have work no longer is no sign that others have
                   // none.
                   if (!leased || !leased->empty()) return leased;
                 }
               });
}

Result<void> PostgresStore::finish_delivery(const DeliveryRow& row, WallTime now,
                                            const Call& call) {
  return write(DbOperation::webhooks, call, [&](PgConnection& connection) -> Result<void> {
    const auto locked =
        connection.ask("SELECT id FROM webhooks WHERE id = $1 FOR UPDATE", row.webhook);
    if (!locked) return std::unexpected(locked.error());
    const auto done = connection.ask(
        "UPDATE deliveries SET status = $1, response_code = $2, response_body = $3, error = $4, "
        "delivered = $5, due = $6, leased_until = 0 WHERE id = $7 AND webhook = $8 "
        "AND attempts = $9 AND leased_until > 0 AND status IN ('pending', 'retrying')",
        to_string(row.status), row.response_code, row.response_body, row.error,
        or_zero(row.delivered), or_zero(row.due), row.id, row.webhook, row.attempts);
    if (!done) return std::unexpected(done.error());
    if (done->changed() == 0) return not_under_way(row.id);
    const bool ended =
        row.status == DeliveryStatus::success || row.status == DeliveryStatus::failed;
    return ended ? pg_count_end(connection, row, now) : Result<void>();
  });
}

Result<Listed<DeliveryRow>> PostgresStore::deliveries(const std::string& account,
                                                      const std::string& webhook,
                                                      std::optional<DeliveryStatus> status,
                                                      Window window, const Call& call) {
  const std::string_view wanted = status ? to_string(*status) : "";
  return read(
      DbOperation::webhooks, call, [&](PgConnection& connection) -> Result<Listed<DeliveryRow>> {
        // The total comes with each row, and where the window is empty with one row of NULLs; no
        // row at all means no webhook.
        const auto rows = connection.ask(
            "SELECT " ARA_DELIVERY_COLUMNS
            ", t.total FROM (SELECT (SELECT count(*) FROM deliveries WHERE webhook = h.id "
            "AND ($3 = '' OR status = $3)) AS total FROM webhooks h WHERE h.id = $1 AND h.account "
            "= "
            "$2) "
            "t LEFT JOIN (SELECT * FROM deliveries WHERE webhook = $1 AND ($3 = '' OR status = $3) "
            "ORDER BY created DESC, id LIMIT $4 OFFSET $5) d ON true ORDER BY d.created DESC, d.id",
            webhook, account, wanted, pg_window(window.limit), pg_window(window.offset));
        if (!rows) return std::unexpected(rows.error());
        if (rows->empty()) return no_webhook(webhook);
        Listed<DeliveryRow> listed;
        for (int number = 0; number < rows->size(); ++number) {
          const PgRow row{*rows, number};
          listed.total = static_cast<std::uint64_t>(row.integer(kDeliveryColumns));
          if (rows->null(number, 0)) continue;
          auto delivery = delivery_of(row);
          if (!delivery) return std::unexpected(std::move(delivery.error()));
          listed.rows.push_back(std::move(*delivery));
        }
        return listed;
      });
}

Result<std::uint64_t> PostgresStore::prune_deliveries(WallTime before, const Call& call) {
  return write(DbOperation::webhooks, call, [&](PgConnection& connection) -> Result<std::uint64_t> {
    // Without the webhooks' rows: what others lock, who deletes a webhook or prunes too, is left.
    const auto pruned = connection.ask(
        "DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries "
        "WHERE status IN ('success', 'failed') AND created < $1 FOR UPDATE SKIP LOCKED)",
        microseconds(before));
    if (!pruned) return std::unexpected(pruned.error());
    return pruned->changed();
  });
}

}  // namespace ara::storage
