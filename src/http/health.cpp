#include "http/app.h"
#include "http/json.h"
#include "http/problem.h"
#include "http/reply.h"
#include "http/resources.h"

namespace ara::http {
namespace {

/// Why this server should not be sent requests; nothing if it should.
std::optional<Error> unready(const App& app) {
  if (app.draining.load(std::memory_order_relaxed)) {
    return Error{Code::unavailable, "The server is stopping", {}, {}, {}};
  }
  if (auto ready = app.service->ready(); !ready) return ready.error();
  return std::nullopt;
}

constexpr std::string_view kStatus = R"json({
  "type": "object",
  "required": ["status"],
  "properties": {"status": {"type": "string"}}
})json";

constexpr std::string_view kHealth = R"json({
  "type": "object",
  "required": ["status", "version", "timestamp", "services"],
  "properties": {
    "status": {"type": "string"},
    "version": {"type": "string"},
    "timestamp": {"type": "string", "format": "date-time"},
    "services": {
      "type": "object",
      "required": ["store", "slow_lane"],
      "properties": {
        "store": {"type": "string"},
        "slow_lane": {
          "type": "object",
          "required": ["queued", "running"],
          "properties": {"queued": {"type": "integer"}, "running": {"type": "integer"}}
        }
      }
    }
  }
})json";

std::optional<Reply> health_live(App&, Exchange&) {
  JsonDocument document;
  document.top().text("status", "alive");
  return private_reply(document);
}

std::optional<Reply> health_ready(App& app, Exchange& exchange) {
  if (const auto reason = unready(app)) return problem(app, exchange, *reason);
  JsonDocument document;
  document.top().text("status", "ready");
  return private_reply(document);
}

std::optional<Reply> health(App& app, Exchange& exchange) {
  if (const auto reason = unready(app)) return problem(app, exchange, *reason);
  const serve::LaneStats lane = app.service->lane();
  JsonDocument document;
  JsonObject top = document.top();
  top.text("status", "healthy")
      .text("version", kVersion)
      .text("timestamp", to_rfc3339(app.clock.now()));
  JsonObject services = top.object("services");
  services.text("store", "healthy");
  services.object("slow_lane")
      .integer("queued", static_cast<std::int64_t>(lane.queued))
      .integer("running", static_cast<std::int64_t>(lane.running));
  return private_reply(document);
}

}  // namespace

Resource health_resource() {
  return {.tag = "health",
          .about = "How the service is",
          .routes = {{.path = "/health/live",
                      .access = Access::open,
                      .summary = "Whether the process runs",
                      .parameters = {},
                      .schema = "Status",
                      .failures = {},
                      .fast = health_live},
                     {.path = "/health/ready",
                      .access = Access::open,
                      .summary = "Whether this server should be sent requests",
                      .parameters = {},
                      .schema = "Status",
                      .failures = {503},
                      .fast = health_ready},
                     {.path = "/health",
                      .access = Access::open,
                      .summary = "The state of the service and its parts",
                      .parameters = {},
                      .schema = "Health",
                      .failures = {503},
                      .fast = health}},
          .schemas = {{"Status", kStatus}, {"Health", kHealth}}};
}

}  // namespace ara::http
