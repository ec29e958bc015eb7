#include "accounts/password.h"
#include "http/access.h"
#include "http/input.h"
#include "http/json.h"
#include "http/problem.h"
#include "http/reply.h"
#include "http/resources.h"

namespace ara::http {
namespace {

const std::string kForwardedFor = "x-forwarded-for";

Reply log_in(App& app, Exchange& exchange) {
  const auto input = Input::read(exchange, *exchange.route);
  if (!input) return problem(app, exchange, input.error());
  const std::string address = client_address(
      exchange.peer_address(), exchange.header(kForwardedFor), app.options.trusted_proxies);
  const auto login = app.accounts->log_in(input->text("email"), input->text("password"), address,
                                          {exchange.deadline});
  if (!login) {
    const Error& error = login.error();
    if (error.code != Code::rate_limited) return problem(app, exchange, error);
    JsonDocument details;
    details.top().raw("retry_after", error.value);
    Reply reply =
        problem(app, exchange, Error{error.code, error.message, {}, {}, {}}, details.write());
    reply.headers += "retry-after: " + error.value + "\r\n";
    return reply;
  }
  JsonDocument document;
  JsonObject top = document.top();
  top.text("access_token", login->token)
      .text("token_type", "bearer")
      .integer("expires_in", login->expires_in.count());
  top.object("user")
      .text("id", login->account.id)
      .text("email", login->account.email)
      .text("username", login->account.username)
      .text("role", login->account.role)
      .text("tier", login->account.tier);
  return private_reply(document);
}

std::optional<Reply> show_me(App&, Exchange& exchange) {
  const accounts::Account& account = *exchange.principal->account;
  JsonDocument document;
  JsonObject top = document.top();
  top.text("id", account.id)
      .text("email", account.email)
      .text("username", account.username)
      .text("role", to_string(account.role))
      .text("tier", account.tier.name)
      .boolean("is_active", account.active);
  top.object("quotas")
      .integer("requests_per_minute", account.tier.per_minute)
      .integer("requests_per_day", account.tier.per_day)
      .integer("batch_size", account.tier.batch)
      .integer("backtest_days", account.tier.backtest_days)
      .integer("portfolio_assets", account.tier.portfolio_assets);
  return private_reply(document);
}

constexpr std::string_view kLogin = R"json({
  "type": "object",
  "required": ["access_token", "token_type", "expires_in", "user"],
  "properties": {
    "access_token": {"type": "string", "description": "A JSON Web Token, for Authorization: Bearer"},
    "token_type": {"type": "string", "enum": ["bearer"]},
    "expires_in": {"type": "integer", "minimum": 1, "description": "Seconds"},
    "user": {
      "type": "object",
      "required": ["id", "email", "username", "role", "tier"],
      "properties": {
        "id": {"type": "string"},
        "email": {"type": "string"},
        "username": {"type": "string"},
        "role": {"type": "string", "enum": ["readonly", "user", "admin"]},
        "tier": {"type": "string"}
      }
    }
  }
})json";

constexpr std::string_view kMe = R"json({
  "type": "object",
  "required": ["id", "email", "username", "role", "tier", "is_active", "quotas"],
  "properties": {
    "id": {"type": "string"},
    "email": {"type": "string"},
    "username": {"type": "string"},
    "role": {"type": "string", "enum": ["readonly", "user", "admin"]},
    "tier": {"type": "string"},
    "is_active": {"type": "boolean"},
    "quotas": {
      "type": "object",
      "required": ["requests_per_minute", "requests_per_day", "batch_size", "backtest_days",
                   "portfolio_assets"],
      "properties": {
        "requests_per_minute": {"type": "integer", "minimum": 1},
        "requests_per_day": {"type": "integer", "minimum": 1},
        "batch_size": {"type": "integer", "minimum": 1},
        "backtest_days": {"type": "integer", "minimum": 1},
        "portfolio_assets": {"type": "integer", "minimum": 1}
      }
    }
  }
})json";

}  // namespace

Resource auth_resource() {
  return {.tag = "auth",
          .about = "Who calls: tokens, and what an account may do",
          .routes = {{.method = Method::post,
                      .path = "/api/v1/auth/login",
                      .access = Access::open,
                      .summary = "A token for an email and its password",
                      .parameters = {{.name = "email",
                                      .in = In::body,
                                      .type = "string",
                                      .description = "Of the account; any case",
                                      .required = true,
                                      .minimum = 3,
                                      .maximum = 254,
                                      .example = "\"ada@example.com\""},
                                     {.name = "password",
                                      .in = In::body,
                                      .type = "string",
                                      .description = "Of the account",
                                      .required = true,
                                      .minimum = 1,
                                      .maximum = accounts::kMostPassword,
                                      .example = "\"a few words of hers\""}},
                      .schema = "Login",
                      .failures = {401, 413, 415, 422, 429, 503},
                      .work = log_in},
                     {.path = "/api/v1/auth/me",
                      .summary = "The account that asks, and its limits",
                      .parameters = {},
                      .schema = "Me",
                      .failures = {},
                      .fast = show_me}},
          .schemas = {{"Login", kLogin}, {"Me", kMe}}};
}

}  // namespace ara::http
