#include "http/app.h"
#include "http/input.h"
#include "http/json.h"
#include "http/problem.h"
#include "http/reply.h"
#include "http/resources.h"

namespace ara::http {
namespace {

using accounts::Office;
using storage::ApiKeyRow;

void put_time(JsonObject& item, std::string_view name, const std::optional<WallTime>& time) {
  if (time) {
    item.text(name, to_rfc3339(*time));
  } else {
    item.null(name);
  }
}

void write_key(JsonObject item, const ApiKeyRow& row, WallTime now) {
  item.text("id", row.id)
      .text("name", row.name)
      .text("prefix", row.prefix)
      .text("created_at", to_rfc3339(row.created));
  put_time(item, "expires_at", row.expires);
  put_time(item, "last_used_at", row.last_used);
  item.boolean("is_active", !row.revoked && (!row.expires || now < *row.expires));
}

/// What was changed works, or is refused, from the next request on.
Result<void> renew(App& app, const Exchange& exchange) {
  return app.accounts->renew({exchange.deadline});
}

Reply issued_reply(App& app, const Exchange& exchange, const Result<accounts::IssuedKey>& issued) {
  if (!issued) return problem(app, exchange, issued.error());
  if (auto renewed = renew(app, exchange); !renewed) {
    return problem(app, exchange, renewed.error());
  }
  JsonDocument document;
  write_key(document.top(), issued->row, app.clock.now());
  document.top().text("key", issued->key);
  return private_reply(document);
}

Reply create(App& app, Exchange& exchange) {
  const auto input = Input::read(exchange, *exchange.route);
  if (!input) return problem(app, exchange, input.error());
  std::optional<int> days;
  if (input->given("expires_in_days")) days = static_cast<int>(input->integer("expires_in_days"));
  const std::string& owner = exchange.principal->id();
  return issued_reply(app, exchange,
                      app.accounts->office().create_key(owner, input->text("name"), days, owner,
                                                        {exchange.deadline}));
}

Reply list_keys(App& app, Exchange& exchange) {
  const auto rows = app.accounts->office().keys(exchange.principal->id(), {exchange.deadline});
  if (!rows) return problem(app, exchange, rows.error());
  JsonDocument document;
  JsonArray keys = document.top().array("api_keys");
  for (const ApiKeyRow& row : *rows) write_key(keys.object(), row, app.clock.now());
  document.top().integer("total_count", static_cast<std::int64_t>(rows->size()));
  return private_reply(document);
}

Reply rotate(App& app, Exchange& exchange) {
  const auto input = Input::read(exchange, *exchange.route);
  if (!input) return problem(app, exchange, input.error());
  const std::string& owner = exchange.principal->id();
  return issued_reply(
      app, exchange,
      app.accounts->office().rotate_key(owner, input->text("id"), owner, {exchange.deadline}));
}

Reply revoke(App& app, Exchange& exchange) {
  const auto input = Input::read(exchange, *exchange.route);
  if (!input) return problem(app, exchange, input.error());
  const std::string& owner = exchange.principal->id();
  auto row =
      app.accounts->office().revoke_key(owner, input->text("id"), owner, {exchange.deadline});
  if (row) {
    if (auto renewed = renew(app, exchange); !renewed) row = std::unexpected(renewed.error());
  }
  if (!row) return problem(app, exchange, row.error());
  JsonDocument document;
  write_key(document.top(), *row, app.clock.now());
  return private_reply(document);
}

Reply remove(App& app, Exchange& exchange) {
  const auto input = Input::read(exchange, *exchange.route);
  if (!input) return problem(app, exchange, input.error());
  const std::string id = input->text("id");
  const std::string& owner = exchange.principal->id();
  auto removed =
      app.accounts->office().remove_key(owner, id, owner, {exchange.deadline}).and_then([&] {
        return renew(app, exchange);
      });
  if (!removed) return problem(app, exchange, removed.error());
  JsonDocument document;
  document.top().text("id", id).text("status", "deleted").text("message", "The key has ended");
  return private_reply(document);
}

Parameter key_parameter() {
  return {.name = "id",
          .in = In::path,
          .type = "string",
          .description = "Of a key of one's own",
          .required = true,
          .minimum = 1,
          .maximum = 64};
}

Route on_key(Method method, std::string_view path, std::string_view summary,
             std::string_view schema, Reply (*work)(App&, Exchange&)) {
  return {.method = method,
          .path = path,
          .access = Access::user,
          .summary = summary,
          .parameters = {key_parameter()},
          .schema = schema,
          .failures = {404, 409, 422, 503},
          .work = work};
}

constexpr std::string_view kApiKeySchema = R"json({
  "type": "object",
  "required": ["id", "name", "prefix", "created_at", "expires_at", "last_used_at", "is_active"],
  "properties": {
    "id": {"type": "string"},
    "name": {"type": "string"},
    "prefix": {"type": "string", "description": "The key's beginning, to tell keys apart"},
    "created_at": {"type": "string", "format": "date-time"},
    "expires_at": {"type": ["string", "null"], "format": "date-time"},
    "last_used_at": {"type": ["string", "null"], "format": "date-time", "description": "To the minute"},
    "is_active": {"type": "boolean", "description": "Neither revoked nor expired"}
  }
})json";

constexpr std::string_view kIssuedKey = R"json({
  "allOf": [
    {"$ref": "#/components/schemas/ApiKey"},
    {
      "type": "object",
      "required": ["key"],
      "properties": {
        "key": {"type": "string", "pattern": "^ara_[0-9a-f]{64}$", "description": "For X-API-Key; shown this once and never again"}
      }
    }
  ]
})json";

constexpr std::string_view kApiKeys = R"json({
  "type": "object",
  "required": ["api_keys", "total_count"],
  "properties": {
    "api_keys": {"type": "array", "items": {"$ref": "#/components/schemas/ApiKey"}},
    "total_count": {"type": "integer", "minimum": 0}
  }
})json";

constexpr std::string_view kDeletedKey = R"json({
  "type": "object",
  "required": ["id", "status", "message"],
  "properties": {
    "id": {"type": "string"},
    "status": {"type": "string", "enum": ["deleted"]},
    "message": {"type": "string"}
  }
})json";

}  // namespace

Resource api_keys_resource() {
  return {.tag = "api keys",
          .about = "Keys by which programs of an account identify themselves",
          .routes = {{.method = Method::post,
                      .path = "/api/v1/auth/api-keys",
                      .access = Access::user,
                      .summary = "Make a key; it is shown this once",
                      .parameters = {{.name = "name",
                                      .in = In::body,
                                      .type = "string",
                                      .description = "What it is for",
                                      .required = true,
                                      .minimum = 1,
                                      .maximum = static_cast<double>(Office::kLongestName),
                                      .example = "\"laptop\""},
                                     {.name = "expires_in_days",
                                      .in = In::body,
                                      .type = "integer",
                                      .description = "Without, it does not expire",
                                      .minimum = 1,
                                      .maximum = Office::kMostKeyDays}},
                      .schema = "IssuedKey",
                      .failures = {404, 413, 415, 422, 503},
                      .work = create},
                     {.path = "/api/v1/auth/api-keys",
                      .access = Access::user,
                      .summary = "The keys of the account that asks, oldest first",
                      .parameters = {},
                      .schema = "ApiKeys",
                      .failures = {503},
                      .work = list_keys},
                     on_key(Method::remove, "/api/v1/auth/api-keys/{id}", "End a key and forget it",
                            "DeletedKey", remove),
                     on_key(Method::post, "/api/v1/auth/api-keys/{id}/revoke",
                            "End a key for good, and keep it in the list", "ApiKey", revoke),
                     on_key(Method::post, "/api/v1/auth/api-keys/{id}/rotate",
                            "Give a key another secret; the one before ends", "IssuedKey", rotate)},
          .schemas = {{"ApiKey", kApiKeySchema},
                      {"IssuedKey", kIssuedKey},
                      {"ApiKeys", kApiKeys},
                      {"DeletedKey", kDeletedKey}}};
}

}  // namespace ara::http
