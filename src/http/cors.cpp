#include <algorithm>

#include "http/access.h"

namespace ara::http {
namespace {

const std::string kOrigin = "origin";
const std::string kRequestMethod = "access-control-request-method";

bool allowed(const App& app, std::string_view origin) {
  return std::ranges::any_of(app.options.cors_origins,
                             [&](const std::string& one) { return one == "*" || one == origin; });
}

bool for_everyone(const App& app) {
  return app.options.cors_origins.size() == 1 && app.options.cors_origins.front() == "*";
}

}  // namespace

std::optional<Reply> answer_preflight(App& app, Exchange& exchange) {
  if (app.options.cors_origins.empty() || exchange.method != Method::other ||
      exchange.header(kRequestMethod).empty() || !allowed(app, exchange.header(kOrigin))) {
    return std::nullopt;
  }
  return Reply{.status = 204,
               .headers =
                   "access-control-allow-methods: GET, HEAD, POST, PUT, PATCH, DELETE\r\n"
                   "access-control-allow-headers: authorization, content-type, x-api-key, "
                   "x-request-id, if-none-match, idempotency-key\r\n"
                   "access-control-max-age: 600\r\n",
               .body = {},
               .shared = {}};
}

void allow_origin(App& app, const Exchange& exchange, Reply& reply) {
  if (app.options.cors_origins.empty()) return;
  // Credentials here are header lines, which a page must add itself; cookies there are none, so
  // nothing is allowed that Access-Control-Allow-Credentials would need.
  if (!for_everyone(app)) reply.headers += "vary: origin\r\n";
  const std::string_view origin = exchange.header(kOrigin);
  if (origin.empty() || !allowed(app, origin)) return;
  reply.headers += "access-control-allow-origin: ";
  reply.headers += for_everyone(app) ? "*" : origin;
  reply.headers +=
      "\r\naccess-control-expose-headers: etag, retry-after, x-request-id, x-ratelimit-limit, "
      "x-ratelimit-remaining, x-ratelimit-reset, x-ratelimit-daily-limit, "
      "x-ratelimit-daily-remaining\r\n";
}

}  // namespace ara::http
