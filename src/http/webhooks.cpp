#include <algorithm>

#include "http/app.h"
#include "http/input.h"
#include "http/json.h"
#include "http/problem.h"
#include "http/reply.h"
#include "http/resources.h"
#include "http/webhook_schemas.h"
#include "live/live.h"
#include "webhooks/event.h"

namespace ara::http {
namespace {

constexpr std::size_t kMostOfAccount = 20;

using storage::WebhookRow;

void write_time(JsonObject& item, std::string_view name, const std::optional<WallTime>& time) {
  if (time) {
    item.text(name, to_rfc3339(*time));
  } else {
    item.null(name);
  }
}

/// All but the secret, which is never told again.
void write_row(JsonObject item, const WebhookRow& row) {
  item.text("id", row.id).text("url", row.url);
  JsonArray events = item.array("events");
  for (const std::string& event : row.events) events.text(event);
  item.text("description", row.description)
      .boolean("active", row.active)
      .boolean("signed", !row.secret.empty())
      .text("created_at", to_rfc3339(row.created))
      .text("updated_at", to_rfc3339(row.updated))
      .text("user_id", row.account)
      .integer("delivery_count", static_cast<std::int64_t>(row.deliveries))
      .integer("success_count", static_cast<std::int64_t>(row.successes))
      .integer("failure_count", static_cast<std::int64_t>(row.failures));
  write_time(item, "last_delivery_at", row.last_delivery);
  if (row.last_status.empty()) {
    item.null("last_delivery_status");
  } else {
    item.text("last_delivery_status", row.last_status);
  }
}

void write_delivery(JsonObject item, const storage::DeliveryRow& row) {
  item.text("delivery_id", row.id)
      .text("webhook_id", row.webhook)
      .text("event_id", row.event)
      .text("event_type", row.type)
      .text("status", to_string(row.status))
      .integer("attempt", row.attempts)
      .integer("max_attempts", webhooks::kMaxAttempts);
  if (row.response_code != 0) {
    item.integer("response_code", row.response_code).text("response_body", row.response_body);
  } else {
    item.null("response_code").null("response_body");
  }
  if (row.error.empty()) {
    item.null("error_message");
  } else {
    item.text("error_message", row.error);
  }
  item.text("created_at", to_rfc3339(row.created));
  write_time(item, "delivered_at", row.delivered);
  write_time(item, "next_retry_at",
             row.status == storage::DeliveryStatus::retrying ? row.due : std::nullopt);
}

Error no_webhook(std::string_view id) {
  return Error{Code::not_found, "There is no such webhook", "id", printable(id),
               "the id of a webhook of this account"};
}

/// Takes over what was given, and checks it.
Result<void> assign(const App& app, const Input& input, WebhookRow& row) {
  if (input.given("url")) {
    row.url = input.text("url");
    if (auto allowed =
            webhooks::check_url(row.url, app.live ? app.live->policy : webhooks::Policy{});
        !allowed)
      return allowed;
  }
  if (input.given("events")) {
    row.events = input.texts("events");
    std::ranges::sort(row.events);
    row.events.erase(std::ranges::unique(row.events).begin(), row.events.end());
    for (const std::string& event : row.events) {
      if (auto known = webhooks::parse_event_type(event); !known) {
        return std::unexpected(std::move(known.error()));
      }
    }
  }
  if (input.given("secret")) row.secret = input.text("secret");
  if (input.given("description")) row.description = input.text("description");
  if (input.given("active")) row.active = input.flag("active");
  row.updated = app.clock.now();
  return {};
}

Reply create(App& app, Exchange& exchange) {
  const auto input = Input::read(exchange, *exchange.route);
  if (!input) return problem(app, exchange, input.error());
  WebhookRow row{.id = webhooks::random_id("wh_"), .account = exchange.principal->id()};
  if (auto taken = assign(app, *input, row); !taken) return problem(app, exchange, taken.error());
  row.created = row.updated;
  if (auto put = app.store->put_webhook(row, kMostOfAccount, {exchange.deadline}); !put) {
    return problem(app, exchange, put.error());
  }
  JsonDocument document;
  write_row(document.top(), row);
  Reply reply = private_reply(document, 201);
  reply.headers += "location: /api/v1/webhooks/" + row.id + "\r\n";
  return reply;
}

Reply list_webhooks(App& app, Exchange& exchange) {
  const auto input = Input::read(exchange, *exchange.route);
  if (!input) return problem(app, exchange, input.error());
  const Page page(*input);
  const auto rows = app.store->webhooks(exchange.principal->id(), input->flag("active_only"),
                                        {page.offset(), page.limit()}, {exchange.deadline});
  if (!rows) return problem(app, exchange, rows.error());
  JsonDocument document;
  JsonObject top = document.top();
  JsonArray all = top.array("webhooks");
  for (const WebhookRow& row : rows->rows) write_row(all.object(), row);
  page.write(top, rows->total);
  return private_reply(document);
}

/// The webhook that the path names, if it is the account's.
Result<WebhookRow> find(App& app, const Exchange& exchange, const std::string& id) {
  auto row = app.store->find_webhook(exchange.principal->id(), id, {exchange.deadline});
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::unexpected(no_webhook(id));
  return std::move(**row);
}

Reply show(App& app, Exchange& exchange) {
  const auto input = Input::read(exchange, *exchange.route);
  if (!input) return problem(app, exchange, input.error());
  const auto row = find(app, exchange, input->text("id"));
  if (!row) return problem(app, exchange, row.error());
  JsonDocument document;
  write_row(document.top(), *row);
  return private_reply(document);
}

Reply change(App& app, Exchange& exchange) {
  const auto input = Input::read(exchange, *exchange.route);
  if (!input) return problem(app, exchange, input.error());
  auto row = find(app, exchange, input->text("id"));
  if (!row) return problem(app, exchange, row.error());
  if (auto taken = assign(app, *input, *row); !taken) return problem(app, exchange, taken.error());
  if (auto put = app.store->update_webhook(*row, {exchange.deadline}); !put) {
    return problem(app, exchange,
                   put.error().code == Code::not_found ? no_webhook(row->id) : put.error());
  }
  JsonDocument document;
  write_row(document.top(), *row);
  return private_reply(document);
}

Reply remove(App& app, Exchange& exchange) {
  const auto input = Input::read(exchange, *exchange.route);
  if (!input) return problem(app, exchange, input.error());
  const std::string id = input->text("id");
  const auto deleted = app.store->delete_webhook(exchange.principal->id(), id, {exchange.deadline});
  if (!deleted) return problem(app, exchange, deleted.error());
  if (!*deleted) return problem(app, exchange, no_webhook(id));
  return {.status = 204, .headers = "cache-control: no-store\r\n", .body = {}, .shared = {}};
}

Reply deliveries(App& app, Exchange& exchange) {
  const auto input = Input::read(exchange, *exchange.route);
  if (!input) return problem(app, exchange, input.error());
  const std::string id = input->text("id");
  std::optional<storage::DeliveryStatus> status;
  if (const std::string wanted = input->text("status_filter"); !wanted.empty()) {
    const auto& names = storage::kDeliveryStatuses;
    status = storage::DeliveryStatus(std::ranges::find(names, wanted) - names.begin());
  }
  const Page page(*input);
  const auto rows = app.store->deliveries(exchange.principal->id(), id, status,
                                          {page.offset(), page.limit()}, {exchange.deadline});
  if (!rows) {
    return problem(app, exchange,
                   rows.error().code == Code::not_found ? no_webhook(id) : rows.error());
  }
  JsonDocument document;
  JsonObject top = document.top();
  JsonArray all = top.array("deliveries");
  for (const storage::DeliveryRow& row : rows->rows) write_delivery(all.object(), row);
  page.write(top, rows->total);
  return private_reply(document);
}

Reply test(App& app, Exchange& exchange) {
  const auto input = Input::read(exchange, *exchange.route);
  if (!input) return problem(app, exchange, input.error());
  const std::string id = input->text("webhook_id");
  if (app.live == nullptr) {
    return problem(app, exchange,
                   Error{Code::unavailable, "This server sends no webhooks", {}, {}, {}});
  }
  const auto made = app.live->outbox->emit_test(exchange.principal->id(), id, {exchange.deadline});
  if (!made) {
    Error error = made.error();
    if (error.code == Code::not_found) {
      error = no_webhook(id);
      error.field = "webhook_id";
    }
    return problem(app, exchange, error);
  }
  JsonDocument document;
  write_delivery(document.top(), *made);
  return private_reply(document, 202);
}

std::vector<Parameter> settings(bool creating) {
  std::vector<std::string> names;
  for (const std::string_view name : webhooks::event_types()) names.emplace_back(name);
  return {{.name = "url",
           .in = In::body,
           .type = "string",
           .description = "Where events are sent: https, an address of the public Internet",
           .required = creating,
           .minimum = 1,
           .maximum = 2048,
           .format = "uri",
           .example = "\"https://example.com/hooks/ara\""},
          {.name = "events",
           .in = In::body,
           .type = "array",
           .description = "What to be told of",
           .required = creating,
           .minimum = 1,
           .maximum = static_cast<double>(names.size()),
           .choices = names,
           .items = "string",
           .example = R"(["alert_triggered","prediction_complete"])"},
          {.name = "secret",
           .in = In::body,
           .type = "string",
           .description = "Signs each body: X-Webhook-Signature. Never shown again",
           .minimum = 16,
           .maximum = 128},
          {.name = "description",
           .in = In::body,
           .type = "string",
           .description = "For people",
           .maximum = 500},
          {.name = "active",
           .in = In::body,
           .type = "boolean",
           .description = "Whether events are sent; yes, unless it says no"}};
}

Parameter webhook_parameter() {
  return {.name = "id",
          .in = In::path,
          .type = "string",
          .description = "Of a webhook of this account",
          .required = true,
          .minimum = 1,
          .maximum = 64};
}

std::vector<Parameter> joined(std::vector<Parameter> first, const std::vector<Parameter>& rest) {
  first.insert(first.end(), rest.begin(), rest.end());
  return first;
}

Route deliveries_route() {
  constexpr auto& kStatuses = storage::kDeliveryStatuses;
  return {.path = "/api/v1/webhooks/{id}/deliveries",
          .access = Access::user,
          .summary = "The log of a webhook's deliveries, newest first",
          .parameters = with_pages({webhook_parameter(),
                                    {.name = "status_filter",
                                     .type = "string",
                                     .description = "Only those that stand so",
                                     .choices = {kStatuses.begin(), kStatuses.end()}}},
                                   "Deliveries on a page", 100, "20"),
          .schema = "Deliveries",
          .failures = {404, 422, 503},
          .work = deliveries};
}

std::vector<Route> webhook_routes() {
  return {
      {.method = Method::post,
       .path = "/api/v1/webhooks",
       .access = Access::user,
       .summary = "Makes a webhook",
       .parameters = settings(true),
       .success = 201,
       .schema = "Webhook",
       .failures = {413, 415, 422, 503},
       .work = create},
      {.path = "/api/v1/webhooks",
       .access = Access::user,
       .summary = "The webhooks of this account, newest first",
       .parameters = with_pages({{.name = "active_only",
                                  .type = "boolean",
                                  .description = "Only those that are active",
                                  .default_value = "false"}},
                                "Webhooks on a page", 100, "20"),
       .schema = "Webhooks",
       .failures = {422, 503},
       .work = list_webhooks},
      {.method = Method::post,
       .path = "/api/v1/webhooks/test",
       .access = Access::user,
       .summary = "Sends a test event to one webhook, active or not",
       .parameters = {{.name = "webhook_id",
                       .type = "string",
                       .description = "Of a webhook of this account",
                       .required = true,
                       .minimum = 1,
                       .maximum = 64}},
       .success = 202,
       .schema = "Delivery",
       .failures = {404, 422, 503},
       .work = test},
      {.path = "/api/v1/webhooks/{id}",
       .access = Access::user,
       .summary = "One webhook",
       .parameters = {webhook_parameter()},
       .schema = "Webhook",
       .failures = {404, 422, 503},
       .work = show},
      {.method = Method::patch,
       .path = "/api/v1/webhooks/{id}",
       .access = Access::user,
       .summary = "Changes what is given of a webhook",
       .parameters = joined({webhook_parameter()}, settings(false)),
       .schema = "Webhook",
       .failures = {404, 413, 415, 422, 503},
       .work = change},
      {.method = Method::remove,
       .path = "/api/v1/webhooks/{id}",
       .access = Access::user,
       .summary = "Deletes a webhook, and the log of its deliveries",
       .parameters = {webhook_parameter()},
       .success = 204,
       .failures = {404, 422, 503},
       .work = remove},
      deliveries_route(),
  };
}

}  // namespace

Resource webhooks_resource() {
  return {.tag = "webhooks",
          .about = "Addresses that are told of events, signed and tried again",
          .routes = webhook_routes(),
          .schemas = {{"Webhook", kWebhook},
                      {"Webhooks", kWebhooks},
                      {"Delivery", kDelivery},
                      {"Deliveries", kDeliveries}}};
}

}  // namespace ara::http
