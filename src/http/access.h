#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/ip.h"
#include "http/app.h"
#include "http/exchange.h"

/// The middlewares that ask who sends a request, how often, and from which page.
namespace ara::http {

// access.cpp
/// Sets the principal, or refuses: 401 without a good credential, 403 for a role too low. Where the
/// accounts are not to be trusted just now the exchange waits_for_accounts, once.
std::optional<Reply> identify(App& app, Exchange& exchange);
/// Tells, later and from any thread, whether the credential of an identified exchange is still good
/// for its route; taken for good while the accounts cannot be read. Empty on an open server.
std::function<bool()> credential_check(const App& app, const Exchange& exchange);
/// Sees to it that no shared cache keeps what only an account may be given.
void keep_private(App& app, const Exchange& exchange, Reply& reply);

/// The address of the client: that of the connection or, where this is a trusted proxy's, the last
/// one in X-Forwarded-For that is not (RFC 7239, section 5.2, has the newest hop last).
std::string client_address(std::string_view peer, std::string_view forwarded_for,
                           std::span<const IpRange> trusted);

// quota.cpp
/// Counts the request against its account's limits, or refuses: 429. Where another server may lend
/// some, the exchange waits_for_quota.
std::optional<Reply> take_quota(App& app, Exchange& exchange);
/// For an exchange that waits_for_quota: calls `then` once, maybe from another thread, with the
/// refusal or nothing.
void await_quota(App& app, Exchange& exchange, std::function<void(std::optional<Reply>)> then);
/// Tells what is left: X-RateLimit-* as clients of the original know them, and RateLimit and
/// RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers).
void tell_quota(App& app, const Exchange& exchange, Reply& reply);

// cors.cpp
/// Answers what a browser asks before a request from another origin (the Fetch standard's
/// preflight), for the origins of CORS_ORIGINS.
std::optional<Reply> answer_preflight(App& app, Exchange& exchange);
/// Lets pages of those origins read the answer.
void allow_origin(App& app, const Exchange& exchange, Reply& reply);

}  // namespace ara::http
