#include "http/app.h"
#include "http/json.h"
#include "http/metrics_reply.h"
#include "http/resources.h"

namespace ara::http {
namespace {

constexpr std::string_view kAbout = R"json({
  "type": "object",
  "required": ["name", "version", "description", "docs", "health", "endpoints"],
  "properties": {
    "name": {"type": "string"},
    "version": {"type": "string"},
    "description": {"type": "string"},
    "docs": {"type": ["string", "null"]},
    "health": {"type": "string"},
    "endpoints": {
      "type": "array",
      "items": {
        "type": "object",
        "required": ["method", "path", "summary"],
        "properties": {"method": {"type": "string"}, "path": {"type": "string"},
                       "summary": {"type": "string"}}
      }
    }
  }
})json";

constexpr std::string_view kOpenApi = R"json({
  "type": "object",
  "required": ["openapi", "info", "paths", "components"],
  "properties": {"openapi": {"type": "string"}}
})json";

std::optional<Reply> about(App& app, Exchange&) {
  JsonDocument document;
  JsonObject top = document.top();
  top.text("name", "ARA")
      .text("version", kVersion)
      .text("description", "Forecasts of financial time series, as distributions");
  if (app.features.docs) {
    top.text("docs", "/openapi.json");
  } else {
    top.null("docs");
  }
  top.text("health", "/health");
  JsonArray endpoints = top.array("endpoints");
  for (const Route& route : routes()) {
    if (!app.features.has(route.feature)) continue;
    endpoints.object()
        .text("method", to_string(route.method))
        .text("path", route.path)
        .text("summary", route.summary);
  }
  return Reply{.headers = {}, .body = document.write(), .shared = {}};
}

std::optional<Reply> metrics_text(App& app, Exchange& exchange) {
  return metrics_reply(*app.metrics, exchange);
}

std::optional<Reply> openapi_json(App& app, Exchange&) {
  return Reply{.headers = {}, .body = app.openapi, .shared = {}};
}

}  // namespace

Resource about_resource() {
  return {.tag = "about",
          .about = "What this is",
          .routes = {{.path = "/metrics",
                      .access = Access::open,
                      .feature = Feature::metrics,
                      .summary =
                          "Counters, gauges and histograms, for Prometheus; as OpenMetrics where "
                          "Accept asks for application/openmetrics-text",
                      .parameters = {},
                      .media_type = kPrometheusText,
                      .schema = {},
                      .failures = {},
                      .fast = metrics_text},
                     {.path = "/openapi.json",
                      .access = Access::open,
                      .feature = Feature::docs,
                      .summary = "This description, OpenAPI 3.1",
                      .parameters = {},
                      .schema = "OpenApi",
                      .failures = {},
                      .fast = openapi_json},
                     {.path = "/",
                      .access = Access::open,
                      .summary = "What this is and what it offers",
                      .parameters = {},
                      .schema = "About",
                      .failures = {},
                      .fast = about}},
          .schemas = {{"About", kAbout}, {"OpenApi", kOpenApi}}};
}

}  // namespace ara::http
