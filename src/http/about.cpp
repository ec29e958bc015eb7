#include "http/app.h"
#include "http/handlers.h"
#include "http/json.h"

namespace ara::http {

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
        .text("method", route.method == Method::get ? "GET" : "POST")
        .text("path", route.path)
        .text("summary", route.summary);
  }
  return Reply{.headers = {}, .body = document.write(), .shared = {}};
}

std::optional<Reply> metrics_text(App& app, Exchange& exchange) {
  return Reply{.content_type = exchange.route->media_type,
               .headers = {},
               .body = app.metrics->exposition(),
               .shared = {}};
}

std::optional<Reply> openapi_json(App& app, Exchange&) {
  return Reply{.headers = {}, .body = app.openapi, .shared = {}};
}

}  // namespace ara::http
