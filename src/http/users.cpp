#include <algorithm>

#include "http/app.h"
#include "http/input.h"
#include "http/json.h"
#include "http/problem.h"
#include "http/reply.h"
#include "http/resources.h"

namespace ara::http {
namespace {

using storage::AccountRow;

void write_user(JsonObject item, const AccountRow& row) {
  item.text("id", row.id)
      .text("email", row.email)
      .text("username", row.username)
      .text("role", row.role)
      .text("tier", row.tier)
      .boolean("is_active", row.active)
      .text("created_at", to_rfc3339(row.created));
}

Reply list_users(App& app, Exchange& exchange) {
  const auto input = Input::read(exchange, *exchange.route);
  if (!input) return problem(app, exchange, input.error());
  const auto rows = app.accounts->office().list({exchange.deadline});
  if (!rows) return problem(app, exchange, rows.error());
  const Page page(*input);
  const std::size_t first = std::min(rows->size(), page.offset());
  const std::size_t last = std::min(rows->size(), first + page.limit());
  JsonDocument document;
  JsonObject top = document.top();
  JsonArray users = top.array("users");
  for (std::size_t i = first; i < last; ++i) write_user(users.object(), (*rows)[i]);
  page.write(top, rows->size(), "total_count");
  return private_reply(document);
}

Reply changed(App& app, const Exchange& exchange, Result<AccountRow> row) {
  if (row) {
    auto renewed = app.accounts->renew({exchange.deadline});
    if (!renewed) row = std::unexpected(std::move(renewed.error()));
  }
  if (!row) return problem(app, exchange, row.error());
  JsonDocument document;
  write_user(document.top(), *row);
  return private_reply(document);
}

Reply set_tier(App& app, Exchange& exchange) {
  const auto input = Input::read(exchange, *exchange.route);
  if (!input) return problem(app, exchange, input.error());
  return changed(app, exchange,
                 app.accounts->office().set_tier(input->text("id"), input->text("tier"),
                                                 exchange.principal->id(), {exchange.deadline}));
}

Reply set_role(App& app, Exchange& exchange) {
  const auto input = Input::read(exchange, *exchange.route);
  if (!input) return problem(app, exchange, input.error());
  return changed(app, exchange,
                 app.accounts->office().set_role(input->text("id"), input->text("role"),
                                                 exchange.principal->id(), {exchange.deadline}));
}

Parameter account_parameter() {
  return {.name = "id",
          .in = In::path,
          .type = "string",
          .description = "Of an account",
          .required = true,
          .minimum = 1,
          .maximum = 64};
}

constexpr std::string_view kUser = R"json({
  "type": "object",
  "required": ["id", "email", "username", "role", "tier", "is_active", "created_at"],
  "properties": {
    "id": {"type": "string"},
    "email": {"type": "string"},
    "username": {"type": "string"},
    "role": {"type": "string", "enum": ["readonly", "user", "admin"]},
    "tier": {"type": "string"},
    "is_active": {"type": "boolean"},
    "created_at": {"type": "string", "format": "date-time"}
  }
})json";

constexpr std::string_view kUsers = R"json({
  "type": "object",
  "required": ["users", "total_count", "page", "page_size"],
  "properties": {
    "users": {"type": "array", "items": {"$ref": "#/components/schemas/User"}},
    "total_count": {"type": "integer", "minimum": 0},
    "page": {"type": "integer", "minimum": 1},
    "page_size": {"type": "integer", "minimum": 1}
  }
})json";

}  // namespace

Resource users_resource() {
  return {.tag = "users",
          .about = "All accounts, for administrators; `ara admin` makes and disables them",
          .routes = {{.path = "/api/v1/auth/admin/users",
                      .access = Access::admin,
                      .summary = "All accounts, oldest first",
                      .parameters = with_pages({}, "Accounts on a page", 1000, "100"),
                      .schema = "Users",
                      .failures = {422, 503},
                      .work = list_users},
                     {.method = Method::put,
                      .path = "/api/v1/auth/admin/users/{id}/tier",
                      .access = Access::admin,
                      .summary = "Change how much an account may ask for",
                      .parameters = {account_parameter(),
                                     {.name = "tier",
                                      .in = In::body,
                                      .type = "string",
                                      .description = "One of the tiers that are configured",
                                      .required = true,
                                      .minimum = 1,
                                      .maximum = 32,
                                      .example = "\"pro\""}},
                      .schema = "User",
                      .failures = {404, 413, 415, 422, 503},
                      .work = set_tier},
                     {.method = Method::put,
                      .path = "/api/v1/auth/admin/users/{id}/role",
                      .access = Access::admin,
                      .summary = "Change what an account may do",
                      .parameters = {account_parameter(),
                                     {.name = "role",
                                      .in = In::body,
                                      .type = "string",
                                      .description = "What it may do from now on",
                                      .required = true,
                                      .choices = {"readonly", "user", "admin"}}},
                      .schema = "User",
                      .failures = {404, 413, 415, 422, 503},
                      .work = set_role}},
          .schemas = {{"User", kUser}, {"Users", kUsers}}};
}

}  // namespace ara::http
