#include "http/tracing.h"

#include <string>

#include "base/format.h"
#include "http/routes.h"
#include "telemetry/log.h"

namespace ara::http {
namespace {

const std::string kTraceparent = "traceparent";
const std::string kTracestate = "tracestate";

constexpr std::size_t kMostPath = 256;  ///< characters of it that are logged

std::string_view method_of(const Exchange& exchange) {
  return exchange.head ? "HEAD" : to_string(exchange.method);
}

std::string_view route_of(const Exchange& exchange) {
  return exchange.route == nullptr ? std::string_view("unmatched") : exchange.route->path;
}

std::string_view lane_of(const Exchange& exchange) {
  return exchange.spans ? "slow" : "fast";
}

/// The attributes of OpenTelemetry's semantic conventions for HTTP servers, and ours. The query is
/// left out: a token may stand there.
telemetry::SpanRecord span_of(const Exchange& exchange, int status, SteadyTime now) {
  telemetry::SpanRecord span{.kind = telemetry::SpanKind::server,
                             .begun = exchange.begun,
                             .ended = now,
                             .error = {},
                             .attributes = {}};
  const std::string method(method_of(exchange));
  span.name = method;
  if (exchange.route != nullptr) span.name.append(" ").append(route_of(exchange));
  span.attributes = {{"http.request.method", method},
                     {"url.path", printable(exchange.path, kMostPath)},
                     {"url.scheme", "http"},
                     {"http.response.status_code", std::int64_t{status}},
                     {"ara.request_id", std::string(exchange.id.text())},
                     {"ara.lane", std::string(lane_of(exchange))}};
  if (exchange.route != nullptr) {
    span.attributes.emplace_back("http.route", std::string(route_of(exchange)));
  }
  if (status >= 500) {
    span.attributes.emplace_back("error.type", std::to_string(status));
    span.error = "answered " + std::to_string(status);
  }
  return span;
}

void log_request(const Exchange& exchange, std::string_view status, SteadyTime now) {
  const std::string took = ara::format(
      "{:.3f}", std::chrono::duration<double, std::milli>(now - exchange.begun).count());
  const telemetry::TraceId& trace = exchange.trace.own.trace;
  std::vector<telemetry::LogField> fields{{"request_id", exchange.id.text()},
                                          {"method", method_of(exchange)},
                                          {"route", route_of(exchange)},
                                          {"path", exchange.path.substr(0, kMostPath)},
                                          {"status", status, true},
                                          {"lane", lane_of(exchange)},
                                          {"total_ms", took, true}};
  const std::string id = to_hex(trace);
  if (trace) fields.push_back({"trace_id", id});
  log(telemetry::LogLevel::debug, "A request", fields);
}

}  // namespace

std::optional<Reply> join_trace(App& app, Exchange& exchange) {
  if (!app.tracer || !app.tracer->exporting()) return std::nullopt;
  const std::string_view parent = exchange.header(kTraceparent);
  const std::string_view state = parent.empty() ? std::string_view{} : exchange.header(kTracestate);
  exchange.trace = app.tracer->head(parent, state);
  return std::nullopt;
}

void open_trace(App& app, Exchange& exchange) {
  if (!app.tracer) return;
  if (!app.tracer->exporting()) {
    exchange.trace = app.tracer->head(exchange.header(kTraceparent), {}, true);
  }
  exchange.spans = app.tracer->open(exchange.trace, exchange.id.text());
}

void end_trace(App& app, const Exchange& exchange, Reply& reply) {
  if (!app.tracer) return;
  const bool debug = telemetry::log_wanted(telemetry::LogLevel::debug);
  // Whom nobody asks for is not even timed: nothing on the fast lane is slow.
  if (!debug && !exchange.spans && !app.tracer->exporting()) return;
  const SteadyTime now = app.clock.steady();
  const bool wanted = app.tracer->wants(exchange.trace, now - exchange.begun, reply.status >= 500);
  if (!debug && !wanted) {
    if (exchange.spans) exchange.spans->close(now);  // lets go of what was recorded
    return;
  }
  const std::string status = std::to_string(reply.status);
  if (debug) log_request(exchange, status, now);
  if (!wanted) return;
  app.tracer->finish(exchange.trace, exchange.spans.get(),
                     {.work = span_of(exchange, reply.status, now),
                      .log = {{"request_id", exchange.id.text()},
                              {"method", method_of(exchange)},
                              {"route", route_of(exchange)},
                              {"path", exchange.path.substr(0, kMostPath)},
                              {"status", status, true},
                              {"lane", lane_of(exchange)}}});
}

}  // namespace ara::http
