#include "http/middlewares.h"

#include <array>

#include "http/access.h"
#include "http/problem.h"
#include "http/tracing.h"

namespace ara::http {
namespace {

std::optional<Reply> name_request(App&, Exchange& exchange) {
  const auto given = RequestId::accept(exchange.given_request_id);
  exchange.id = given ? *given : RequestId::make();
  return std::nullopt;
}

std::optional<Reply> start_clock(App& app, Exchange& exchange) {
  exchange.begun = app.clock.steady();
  return std::nullopt;
}

void count(App& app, const Exchange& exchange, Reply& reply) {
  const std::chrono::duration<double> spent = app.clock.steady() - exchange.begun;
  app.route_meters.record(exchange, reply.status, spent.count());
}

void secure(App&, const Exchange&, Reply& reply) {
  add_secure_headers(reply);
}

std::optional<Reply> set_deadline(App& app, Exchange& exchange) {
  exchange.deadline = {exchange.begun + app.options.request_deadline};
  return std::nullopt;
}

std::optional<Reply> route(App& app, Exchange& exchange) {
  Match found = match(exchange.method, exchange.path, app.features);
  exchange.route = found.route;
  exchange.parameter = found.parameter;
  if (found.route != nullptr) return std::nullopt;
  if (found.allow.empty()) {
    return problem(app, exchange,
                   Error{Code::not_found, "There is no such path here", "path",
                         printable(exchange.path), "a path that GET / lists"});
  }
  Reply reply = problem(
      app, exchange, kMethodNotAllowed,
      Error{Code::unsupported, "This path takes only " + found.allow, "method", {}, found.allow});
  reply.headers += "allow: " + found.allow + "\r\n";
  return reply;
}

constexpr std::array kMiddlewares{
    Middleware{.name = "request id",
               .why_here = "first, since every answer, problem and log line carries it",
               .before = name_request},
    Middleware{.name = "trace",
               .why_here = "around all that costs time or can refuse, and knows the request id",
               .before = join_trace,
               .after = end_trace},
    Middleware{.name = "metrics",
               .why_here = "around all that costs time or can refuse, so that refusals are counted",
               .before = start_clock,
               .after = count},
    Middleware{
        .name = "secure headers", .why_here = "on every reply, problems included", .after = secure},
    Middleware{.name = "framing",
               .why_here = "before anyone acts on a request whose end a proxy may see elsewhere",
               .before = refuse_unsound},
    Middleware{.name = "cors",
               .why_here = "on every reply, refusals included, else a page could not read them; "
                           "before routing, as no route has the method of a preflight",
               .before = answer_preflight,
               .after = allow_origin},
    Middleware{.name = "deadline",
               .why_here = "from the moment the request was whole, before anything may wait",
               .before = set_deadline},
    Middleware{.name = "routing",
               .why_here = "before the account, since the route says who may call it",
               .before = route},
    Middleware{.name = "account",
               .why_here = "before the quota, which is the account's",
               .before = identify,
               .after = keep_private},
    Middleware{.name = "quota",
               .why_here = "last: what is refused before costs nobody a request; what follows is "
                           "the route's own handler",
               .before = take_quota,
               .after = tell_quota},
};

}  // namespace

std::optional<Reply> refuse_unsound(App& app, Exchange& exchange) {
  if (exchange.unsound.empty()) return std::nullopt;
  return problem(app, exchange, kBadRequest, unsound_header(exchange));
}

Error unsound_header(const Exchange& exchange) {
  return {Code::invalid, exchange.unsound, "header", {}, "a header of RFC 9112"};
}

void add_secure_headers(Reply& reply) {
  reply.headers += "x-content-type-options: nosniff\r\nreferrer-policy: no-referrer\r\n";
  if (reply.headers.find("content-security-policy: ") == std::string::npos) {
    reply.headers += "content-security-policy: default-src 'none'; frame-ancestors 'none'\r\n";
  }
}

std::span<const Middleware> middlewares() {
  return kMiddlewares;
}

}  // namespace ara::http
