#include "http/access.h"

#include <algorithm>

#include "base/text.h"
#include "http/problem.h"
#include "http/query.h"

namespace ara::http {
namespace {

const std::string kAuthorization = "authorization";
const std::string kApiKey = "x-api-key";
constexpr std::string_view kScheme = "bearer ";

/// RFC 6750, section 3: what kind of credential is wanted, and whether one was wrong.
Reply refuse(const App& app, const Exchange& exchange, const Error& error, bool given) {
  Reply reply = problem(app, exchange, error);
  if (error.code == Code::unauthorized) {
    reply.headers += given ? "www-authenticate: Bearer realm=\"ara\", error=\"invalid_token\"\r\n"
                           : "www-authenticate: Bearer realm=\"ara\"\r\n";
  }
  return reply;
}

accounts::Role role_for(Access access) {
  return access == Access::admin  ? accounts::Role::admin
         : access == Access::user ? accounts::Role::user
                                  : accounts::Role::readonly;
}

/// A browser can send no header line with a WebSocket or an EventSource: there the token may stand
/// in the query, as if it were in Authorization.
std::string token_in_query(const Exchange& exchange) {
  const auto query = Query::parse(exchange.query, *exchange.route);
  const auto token = query ? query->find("token") : std::nullopt;
  return token && !token->empty() ? "Bearer " + std::string(*token) : std::string();
}

Result<accounts::Principal> who_sends(accounts::Authenticator& authenticator,
                                      std::string_view authorization, std::string_view key,
                                      SteadyTime now) {
  if (!key.empty()) {
    if (authorization.empty()) return authenticator.key(key, now);
    return fail(Code::unauthorized, "Send one credential: Authorization or X-API-Key");
  }
  if (authorization.empty()) {
    return fail(Code::unauthorized,
                "Send a token (Authorization: Bearer …) or an API key (X-API-Key: ara_…)");
  }
  // The scheme is no secret, and any case of it is right (RFC 9110, section 11.1).
  if (authorization.size() <= kScheme.size() ||
      !std::ranges::equal(authorization.substr(0, kScheme.size()), kScheme,
                          [](char given, char lower) {
                            return given == lower || (lower != ' ' && (given | 0x20) == lower);
                          })) {
    return fail(Code::unauthorized, "Authorization must be Bearer and a token");
  }
  return authenticator.token(trim(authorization.substr(kScheme.size())), now);
}

/// The header line or, where there is none and the route may have it so, the token of the query,
/// which `kept` then holds.
std::string_view authorization_of(const Exchange& exchange, std::string& kept) {
  const std::string_view line = exchange.header(kAuthorization);
  if (!line.empty() || !exchange.route->takes_over) return line;
  kept = token_in_query(exchange);
  return kept;
}

}  // namespace

std::optional<Reply> identify(App& app, Exchange& exchange) {
  if (app.open) {
    exchange.principal = accounts::local_admin();
    return std::nullopt;
  }
  if (exchange.route->access == Access::open) return std::nullopt;
  std::string in_query;
  const std::string_view authorization = authorization_of(exchange, in_query);
  const std::string_view key = exchange.header(kApiKey);
  auto who = who_sends(app.accounts->authenticator(), authorization, key, exchange.begun);
  // (A handshake goes on in the library's own hands.)
  exchange.waits_for_accounts = !who && who.error().code == Code::unavailable &&
                                !exchange.waited_for_accounts && !exchange.route->takes_over;
  if (exchange.waits_for_accounts) return std::nullopt;
  if (!who) return refuse(app, exchange, who.error(), !authorization.empty() || !key.empty());
  const accounts::Role needed = role_for(exchange.route->access);
  if (!who->may(needed)) {
    const std::string role(to_string(needed));
    return problem(app, exchange,
                   Error{Code::forbidden, "This needs an account of the role " + role, {}, {}, {}});
  }
  exchange.principal = std::move(*who);
  return std::nullopt;
}

std::function<bool()> credential_check(const App& app, const Exchange& exchange) {
  if (app.open) return {};
  std::string in_query;
  std::string authorization(authorization_of(exchange, in_query));
  return [accounts = app.accounts, &clock = app.clock, authorization = std::move(authorization),
          key = std::string(exchange.header(kApiKey)), needed = role_for(exchange.route->access)] {
    const auto who = who_sends(accounts->authenticator(), authorization, key, clock.steady());
    return who ? who->may(needed) : who.error().code != Code::unauthorized;
  };
}

void keep_private(App& app, const Exchange& exchange, Reply& reply) {
  if (app.open || exchange.route == nullptr || exchange.route->access == Access::open) return;
  static constexpr std::string_view kPublic = "cache-control: public";
  static constexpr std::string_view kPrivate = "cache-control: private";
  const std::size_t at = reply.headers.find(kPublic);
  if (at != std::string::npos) reply.headers.replace(at, kPublic.size(), kPrivate);
}

std::string client_address(std::string_view peer, std::string_view forwarded_for,
                           std::span<const IpRange> trusted) {
  const auto is_trusted = [&](std::string_view text) {
    const auto address = parse_ip(text);
    return address && std::ranges::any_of(
                          trusted, [&](const IpRange& range) { return range.contains(*address); });
  };
  std::string_view client = peer;
  while (!forwarded_for.empty() && is_trusted(client)) {
    const std::size_t comma = forwarded_for.rfind(',');
    const bool more = comma != std::string_view::npos;
    const std::string_view hop = trim(more ? forwarded_for.substr(comma + 1) : forwarded_for);
    if (!parse_ip(hop)) break;
    client = hop;
    forwarded_for = more ? forwarded_for.substr(0, comma) : std::string_view{};
  }
  return std::string(client);
}

}  // namespace ara::http
