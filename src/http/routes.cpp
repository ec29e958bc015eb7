#include "http/routes.h"

#include "domain/asset.h"
#include "domain/forecast.h"
#include "domain/symbol.h"
#include "http/handlers.h"

namespace ara::http {
namespace {

constexpr std::string_view kJson = "application/json";

std::vector<std::string> asset_type_names() {
  std::vector<std::string> names;
  for (const domain::AssetRow& row : domain::asset_types()) names.emplace_back(row.name);
  return names;
}

/// The inputs of a forecast, wherever in a request they stand.
std::vector<Parameter> forecast_parameters(In symbol, In others) {
  static const std::string default_days = std::to_string(domain::ForecastKey::kDefaultHorizon);
  return {
      {.name = "symbol",
       .in = symbol,
       .type = "string",
       .description = "A series that has been imported, e.g. AAPL, BTC-USD, ^GSPC; any case",
       .required = true,
       .minimum = 1,
       .maximum = static_cast<int>(domain::Symbol::kMaxLength)},
      {.name = "days",
       .in = others,
       .type = "integer",
       .description = "Sessions of the symbol's market to forecast",
       .minimum = 1,
       .maximum = domain::ForecastKey::kMaxHorizon,
       .default_value = default_days},
      {.name = "asset_type",
       .in = others,
       .type = "string",
       .description = "If given, it must be the one the symbol is stored with",
       .choices = asset_type_names()},
      {.name = "analysis_level",
       .in = others,
       .type = "string",
       .description = "How much is computed; quick and comprehensive mean basic and full",
       .choices = {"basic", "standard", "full", "quick", "comprehensive"},
       .default_value = "\"standard\""},
      {.name = "include_explanations",
       .in = others,
       .type = "boolean",
       .description = "Whether the answer explains itself",
       .default_value = "true"},
  };
}

std::vector<Route> make_routes() {
  // The most asked-for first: the table is searched from its top.
  return {
      {.path = "/api/v1/predict/{symbol}",
       .summary = "The forecast of one symbol, cacheable: ETag, Cache-Control, 304",
       .parameters = forecast_parameters(In::path, In::query),
       .media_type = kJson,
       .schema = "Forecast",
       .failures = {304, 404, 422, 503},
       .fast = predict_get_fast,
       .slow = predict_slow},
      {.method = Method::post,
       .path = "/api/v1/predict",
       .summary = "The forecast of one symbol, with request_id and timestamp",
       .parameters = forecast_parameters(In::body, In::body),
       .media_type = kJson,
       .schema = "PredictResponse",
       .failures = {404, 413, 415, 422, 503},
       .fast = predict_post_fast,
       .slow = predict_slow},
      {.path = "/health/live",
       .summary = "Whether the process runs",
       .parameters = {},
       .media_type = kJson,
       .schema = "Status",
       .failures = {},
       .fast = health_live},
      {.path = "/health/ready",
       .summary = "Whether this server should be sent requests",
       .parameters = {},
       .media_type = kJson,
       .schema = "Status",
       .failures = {503},
       .fast = health_ready},
      {.path = "/health",
       .summary = "The state of the service and its parts",
       .parameters = {},
       .media_type = kJson,
       .schema = "Health",
       .failures = {503},
       .fast = health},
      {.path = "/metrics",
       .feature = Feature::metrics,
       .summary = "Counters, gauges and histograms in the Prometheus text format",
       .parameters = {},
       .media_type = "text/plain; version=0.0.4; charset=utf-8",
       .schema = {},
       .failures = {},
       .fast = metrics_text},
      {.path = "/openapi.json",
       .feature = Feature::docs,
       .summary = "This description, OpenAPI 3.1",
       .parameters = {},
       .media_type = kJson,
       .schema = "OpenApi",
       .failures = {},
       .fast = openapi_json},
      {.path = "/",
       .summary = "What this is and what it offers",
       .parameters = {},
       .media_type = kJson,
       .schema = "About",
       .failures = {},
       .fast = about},
  };
}

/// Whether `path` fits `pattern`; what stands in the place of the braces, or an empty text.
std::optional<std::string_view> fit(std::string_view pattern, std::string_view path) {
  const std::size_t brace = pattern.find('{');
  if (brace == std::string_view::npos) {
    return pattern == path ? std::optional<std::string_view>("") : std::nullopt;
  }
  if (!path.starts_with(pattern.substr(0, brace))) return std::nullopt;
  const std::string_view rest = pattern.substr(pattern.find('}') + 1);
  std::string_view segment = path.substr(brace);
  if (!segment.ends_with(rest)) return std::nullopt;
  segment.remove_suffix(rest.size());
  if (segment.empty() || segment.find('/') != std::string_view::npos) return std::nullopt;
  return segment;
}

}  // namespace

std::span<const Route> routes() {
  static const std::vector<Route> table = make_routes();
  return table;
}

Match match(Method method, std::string_view path, const Features& features) {
  Match found;
  for (const Route& route : routes()) {
    const auto parameter = fit(route.path, path);
    if (!parameter || !features.has(route.feature)) continue;
    if (route.method == method) return {&route, *parameter, {}};
    found.allow += found.allow.empty() ? "" : ", ";
    found.allow += route.method == Method::get ? "GET, HEAD" : "POST";
  }
  return found;
}

}  // namespace ara::http
