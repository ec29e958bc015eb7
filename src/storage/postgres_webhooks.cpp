// The webhooks of PostgresStore; the order of locks is told in postgres_deliveries.cpp.
#include "storage/postgres_store.h"
#include "storage/postgres_values.h"
#include "storage/webhook_rows.h"

namespace ara::storage {

Result<void> PostgresStore::put_webhook(const WebhookRow& row, std::size_t most, const Call& call) {
  return write(DbOperation::webhooks, call, [&](PgConnection& connection) -> Result<void> {
    // The account may have its row in no table: what is locked is its name.
    const auto alone = connection.ask(
        "SELECT pg_advisory_xact_lock(hashtextextended('webhooks of ' || $1, 0))", row.account);
    if (!alone) return std::unexpected(alone.error());
    const auto has =
        connection.ask("SELECT count(*) FROM webhooks WHERE account = $1", row.account);
    if (!has) return std::unexpected(has.error());
    if (static_cast<std::uint64_t>(has->integer(0, 0)) >= most) return has_most_webhooks(most);
    const auto put = connection.ask(
        "INSERT INTO webhooks (id, account, url, events, secret, description, active, created, "
        "updated) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING",
        row.id, row.account, row.url, join_events(row.events), row.secret, row.description,
        row.active, microseconds(row.created), microseconds(row.updated));
    if (put && put->changed() == 0) return webhook_exists(row.id);
    return only_done(put);
  });
}

Result<void> PostgresStore::update_webhook(const WebhookRow& row, const Call& call) {
  return write(DbOperation::webhooks, call, [&](PgConnection& connection) -> Result<void> {
    const auto done = connection.ask(
        "UPDATE webhooks SET url = $1, events = $2, secret = $3, description = $4, active = $5, "
        "updated = $6 WHERE id = $7 AND account = $8",
        row.url, join_events(row.events), row.secret, row.description, row.active,
        microseconds(row.updated), row.id, row.account);
    if (done && done->changed() == 0) return no_webhook(row.id);
    return only_done(done);
  });
}

Result<bool> PostgresStore::delete_webhook(const std::string& account, const std::string& id,
                                           const Call& call) {
  return write(DbOperation::webhooks, call, [&](PgConnection& connection) -> Result<bool> {
    const auto found = connection.ask(
        "SELECT id FROM webhooks WHERE id = $1 AND account = $2 FOR UPDATE", id, account);
    if (!found) return std::unexpected(found.error());
    if (found->empty()) return false;
    auto done =
        only_done(connection.ask("DELETE FROM deliveries WHERE webhook = $1", id)).and_then([&] {
          return only_done(connection.ask("DELETE FROM webhooks WHERE id = $1", id));
        });
    if (!done) return std::unexpected(std::move(done.error()));
    return true;
  });
}

Result<std::optional<WebhookRow>> PostgresStore::find_webhook(const std::string& account,
                                                              const std::string& id,
                                                              const Call& call) {
  return read(DbOperation::webhooks, call,
              [&](PgConnection& connection) -> Result<std::optional<WebhookRow>> {
                const auto rows = connection.ask("SELECT " ARA_WEBHOOK_COLUMNS
                                                 " FROM webhooks WHERE id = $1 AND account = $2",
                                                 id, account);
                if (!rows) return std::unexpected(rows.error());
                if (rows->empty()) return std::nullopt;
                return webhook_of(PgRow{*rows});
              });
}

Result<Listed<WebhookRow>> PostgresStore::webhooks(const std::string& account, bool active_only,
                                                   Window window, const Call& call) {
  return read(
      DbOperation::webhooks, call, [&](PgConnection& connection) -> Result<Listed<WebhookRow>> {
        // The total comes with each row, and where the window is empty with one row of NULLs.
        const auto rows = connection.ask(
            "SELECT " ARA_WEBHOOK_COLUMNS
            ", total FROM (SELECT count(*) AS total FROM webhooks "
            "WHERE account = $1 AND (active = 1 OR $2 = 0)) t LEFT JOIN ("
            "SELECT * FROM webhooks WHERE account = $1 AND (active = 1 OR $2 = 0) "
            "ORDER BY created DESC, id LIMIT $3 OFFSET $4) w ON true ORDER BY created DESC, id",
            account, active_only, pg_window(window.limit), pg_window(window.offset));
        if (!rows) return std::unexpected(rows.error());
        Listed<WebhookRow> listed;
        for (int number = 0; number < rows->size(); ++number) {
          const PgRow row{*rows, number};
          listed.total = static_cast<std::uint64_t>(row.integer(kWebhookColumns));
          if (!rows->null(number, 0)) listed.rows.push_back(webhook_of(row));
        }
        return listed;
      });
}

Result<bool> PostgresStore::wants_event(std::string_view type, const Call& call) {
  return read(DbOperation::webhooks, call, [&](PgConnection& connection) -> Result<bool> {
    const auto row = connection.ask(
        "SELECT EXISTS (SELECT FROM webhooks WHERE active = 1 "
        "AND strpos(events, ',' || $1 || ',') > 0)",
        type);
    if (!row) return std::unexpected(row.error());
    return row->flag(0, 0);
  });
}

}  // namespace ara::storage
