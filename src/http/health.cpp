#include <algorithm>
#include <array>

#include "http/app.h"
#include "http/json.h"
#include "http/problem.h"
#include "http/reply.h"
#include "http/resources.h"
#include "telemetry/machine.h"

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
  return status_reply("alive");
}

std::optional<Reply> health_ready(App& app, Exchange& exchange) {
  if (const auto reason = unready(app)) return problem(app, exchange, *reason);
  return status_reply("ready");
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

constexpr std::string_view kDetailedHealth = R"json({
  "type": "object",
  "required": ["status", "version", "timestamp", "uptime_seconds", "components", "system",
               "performance"],
  "properties": {
    "status": {"type": "string", "enum": ["healthy", "degraded", "unhealthy"],
               "description": "degraded where more than 90 % of processors, memory or disk is used"},
    "version": {"type": "string"},
    "timestamp": {"type": "string", "format": "date-time"},
    "uptime_seconds": {"type": "number", "minimum": 0},
    "components": {
      "type": "object",
      "required": ["store", "jobs", "streams"],
      "properties": {
        "store": {"type": "string", "enum": ["healthy", "unhealthy"]},
        "jobs": {"type": "string", "enum": ["healthy", "unhealthy", "off"]},
        "streams": {"type": "string", "enum": ["healthy", "off"]}
      }
    },
    "system": {
      "type": "object",
      "required": ["cpu_percent", "memory_percent", "disk_percent"],
      "properties": {
        "cpu_percent": {"type": ["number", "null"],
                        "description": "The load average of a minute over the processors"},
        "memory_percent": {"type": ["number", "null"]},
        "disk_percent": {"type": ["number", "null"]}
      }
    },
    "performance": {
      "type": "object",
      "required": ["forecasts_queued", "forecasts_running", "mean_forecast_ms", "jobs_queued",
                   "jobs_running"],
      "properties": {
        "forecasts_queued": {"type": "integer"},
        "forecasts_running": {"type": "integer"},
        "mean_forecast_ms": {"type": "number"},
        "jobs_queued": {"type": ["integer", "null"]},
        "jobs_running": {"type": ["integer", "null"]}
      }
    }
  }
})json";

void put_percent(JsonObject& top, std::string_view name, const std::optional<double>& share) {
  if (share) {
    top.number(name, 100 * *share);
  } else {
    top.null(name);
  }
}

/// Unlike /health it answers 200 whatever it finds: it is for people and their charts.
Reply detailed_health(App& app, Exchange& exchange) {
  constexpr double kFull = 0.9;
  const auto use = telemetry::machine_use(app.options.data_folder);
  const bool full = std::ranges::any_of(std::array{use.cpu, use.memory, use.disk},
                                        [](const auto& share) { return share && *share > kFull; });
  const bool ready = !unready(app);
  std::optional<storage::JobCounts> jobs;
  if (const auto counts = app.store->count_jobs({exchange.deadline})) jobs = *counts;
  const serve::LaneStats lane = app.service->lane();
  const std::chrono::duration<double> uptime = app.clock.steady() - app.started;
  JsonDocument document;
  JsonObject top = document.top();
  top.text("status", !ready || !jobs ? "unhealthy"
                     : full          ? "degraded"
                                     : "healthy")
      .text("version", kVersion)
      .text("timestamp", to_rfc3339(app.clock.now()))
      .number("uptime_seconds", uptime.count());
  top.object("components")
      .text("store", ready ? "healthy" : "unhealthy")
      .text("jobs", !app.jobs ? "off"
                    : jobs    ? "healthy"
                              : "unhealthy")
      .text("streams", app.live ? "healthy" : "off");
  JsonObject system = top.object("system");
  put_percent(system, "cpu_percent", use.cpu);
  put_percent(system, "memory_percent", use.memory);
  put_percent(system, "disk_percent", use.disk);
  JsonObject performance = top.object("performance");
  performance.integer("forecasts_queued", static_cast<std::int64_t>(lane.queued))
      .integer("forecasts_running", static_cast<std::int64_t>(lane.running))
      .number("mean_forecast_ms", 1000 * lane.mean_seconds);
  for (const auto& [name, count] : {std::pair{"jobs_queued", &storage::JobCounts::queued},
                                    std::pair{"jobs_running", &storage::JobCounts::running}}) {
    if (jobs) {
      performance.integer(name, static_cast<std::int64_t>((*jobs).*count));
    } else {
      performance.null(name);
    }
  }
  return private_reply(document);
}

}  // namespace

Resource health_resource() {
  return {
      .tag = "health",
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
                  .fast = health},
                 {.path = "/health/detailed",
                  .access = Access::readonly,
                  .summary = "How the parts are and how full the machine is; 200 in any case",
                  .parameters = {},
                  .schema = "DetailedHealth",
                  .failures = {},
                  .work = detailed_health}},
      .schemas = {{"Status", kStatus}, {"Health", kHealth}, {"DetailedHealth", kDetailedHealth}}};
}

}  // namespace ara::http
