#include "base/text.h"
#include "domain/asset.h"
#include "domain/forecast.h"
#include "domain/symbol.h"
#include "http/app.h"
#include "http/forecast_schemas.h"
#include "http/predict_request.h"
#include "http/problem.h"
#include "http/resources.h"
#include "serve/encode.h"

namespace ara::http {
namespace {

std::vector<std::string> asset_type_names() {
  std::vector<std::string> names;
  for (const domain::AssetRow& row : domain::asset_types()) names.emplace_back(row.name);
  return names;
}

/// The inputs of a forecast, wherever in a request they stand.
std::vector<Parameter> forecast_parameters(In symbol, In others) {
  std::vector<Parameter> all{
      {.name = "symbol",
       .in = symbol,
       .type = "string",
       .description = "A series that has been imported, e.g. AAPL, BTC-USD, ^GSPC; any case",
       .required = true,
       .minimum = 1,
       .maximum = domain::Symbol::kMaxLength,
       .example = "\"AAPL\""}};
  for (Parameter& option : forecast_options(others, "\"standard\"")) {
    all.push_back(std::move(option));
  }
  all.push_back({.name = "min_revision",
                 .in = others,
                 .type = "string",
                 .description = "A revision that POST /api/v1/bars returned: the forecast is of "
                                "those bars or newer ones",
                 .maximum = 64});
  return all;
}

constexpr std::size_t kQuotedHex = 34;

/// The quoted id, which names the bytes: RFC 9110's strong entity tag.
std::array<char, kQuotedHex> entity_tag(const Hash128& id) {
  std::array<char, kQuotedHex> tag;
  tag.front() = tag.back() = '"';
  write_hex(id.high, tag.data() + 1);
  write_hex(id.low, tag.data() + 17);
  return tag;
}

/// Whether an If-None-Match names `tag` (RFC 9110, section 13.1.2: compared weakly).
bool names_tag(std::string_view condition, std::string_view tag) {
  while (!condition.empty()) {
    const std::size_t comma = condition.find(',');
    std::string_view one = trim(condition.substr(0, comma));
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == tag || one == "*") return true;
    if (comma == std::string_view::npos) break;
    condition.remove_prefix(comma + 1);
  }
  return false;
}

Reply forecast_reply(const App& app, const Exchange& exchange, serve::Ready ready) {
  if (exchange.method == Method::post) {
    return {.headers = "cache-control: no-store\r\n",
            .body = serve::with_response_fields(*ready.body, exchange.id.text(),
                                                to_rfc3339(app.clock.now())),
            .shared = {}};
  }
  const auto tag_text = entity_tag(ready.id);
  const std::string_view tag(tag_text.data(), tag_text.size());
  Reply reply{.headers = {}, .body = {}, .shared = {}};
  reply.headers.reserve(768);  // what the middlewares add included
  reply.headers.append("etag: ").append(tag).append("\r\n").append(app.cache_control);
  if (names_tag(exchange.if_none_match, tag)) {
    reply.status = 304;
  } else {
    reply.shared = std::move(ready.body);
  }
  return reply;
}

std::optional<Reply> from_memory(App& app, Exchange& exchange,
                                 Result<serve::ForecastRequest> request) {
  if (!request) return problem(app, exchange, request.error());
  auto ready = app.service->cached(*request);
  if (ready) return forecast_reply(app, exchange, std::move(*ready));
  exchange.forecast = std::move(*request);
  return std::nullopt;
}

std::optional<Reply> predict_get_fast(App& app, Exchange& exchange) {
  return from_memory(app, exchange,
                     request_from_query(exchange.parameter, exchange.query, *exchange.route));
}

std::optional<Reply> predict_post_fast(App& app, Exchange& exchange) {
  return from_memory(app, exchange,
                     Input::read(exchange, *exchange.route).and_then(request_from_input));
}

void predict_slow(App& app, Exchange& exchange, Respond respond) {
  app.service->compute(*exchange.forecast, exchange.deadline,
                       [&app, &exchange, respond = std::move(respond)](Result<serve::Ready> ready) {
                         respond(ready ? forecast_reply(app, exchange, std::move(*ready))
                                       : problem(app, exchange, ready.error()));
                       });
}

}  // namespace

std::vector<Parameter> forecast_options(In in, std::string_view default_level) {
  static const std::string default_days = std::to_string(domain::ForecastKey::kDefaultHorizon);
  return {
      {.name = "days",
       .in = in,
       .type = "integer",
       .description = "Sessions of the symbol's market to forecast",
       .minimum = 1,
       .maximum = domain::ForecastKey::kMaxHorizon,
       .default_value = default_days,
       .example = "7"},
      {.name = "asset_type",
       .in = in,
       .type = "string",
       .description = "If given, it must be the one the symbol is stored with",
       .choices = asset_type_names()},
      {.name = "analysis_level",
       .in = in,
       .type = "string",
       .description = "How much is computed; quick and comprehensive mean basic and full",
       .choices = {"basic", "standard", "full", "quick", "comprehensive"},
       .default_value = default_level},
      {.name = "include_explanations",
       .in = in,
       .type = "boolean",
       .description = "Whether the answer explains itself",
       .default_value = "true"},
  };
}

Resource predict_resource() {
  return {.tag = "predict",
          .about = "Forecasts, as distributions",
          .routes = {{.path = "/api/v1/predict/{symbol}",
                      .summary = "The forecast of one symbol, cacheable: ETag, Cache-Control, 304",
                      .parameters = forecast_parameters(In::path, In::query),
                      .schema = "Forecast",
                      .failures = {304, 404, 422, 503},
                      .fast = predict_get_fast,
                      .slow = predict_slow},
                     {.method = Method::post,
                      .path = "/api/v1/predict",
                      .summary = "The forecast of one symbol, with request_id and timestamp",
                      .parameters = forecast_parameters(In::body, In::body),
                      .schema = "PredictResponse",
                      .failures = {404, 413, 415, 422, 503},
                      .fast = predict_post_fast,
                      .slow = predict_slow}},
          .schemas = forecast_schemas()};
}

}  // namespace ara::http
