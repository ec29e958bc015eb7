#include "serve/market.h"

#include <cmath>

#include "features/reading.h"
#include "http/app.h"
#include "http/input.h"
#include "http/portfolio_parts.h"
#include "http/problem.h"
#include "http/reply.h"
#include "http/resources.h"
#include "portfolio/analyse.h"
#include "serve/history.h"

namespace ara::http {
namespace {

constexpr double kMostAssets = 20;
constexpr double kHigh = 0.8;  ///< a correlation this far from 0 is listed on its own

void write_view(JsonObject& top, const serve::MarketView& view) {
  top.text("symbol", view.symbol.text())
      .text("asset_type", describe(view.asset_type).name)
      .text("as_of", domain::to_iso(view.as_of));
}

Result<domain::Symbol> symbol_of(const Exchange& exchange) {
  const auto input = Input::read(exchange, *exchange.route);
  if (!input) return std::unexpected(input.error());
  return input->symbol("symbol");
}

Reply show_regime(App& app, Exchange& exchange) {
  const auto symbol = symbol_of(exchange);
  if (!symbol) return problem(app, exchange, symbol.error());
  const auto report = serve::read_regime(*app.store, *symbol, {exchange.deadline});
  if (!report) return problem(app, exchange, report.error());

  JsonDocument document;
  JsonObject top = document.top();
  write_view(top, *report);
  const domain::RegimeView& regime = report->regime;
  top.text("current_regime", regime.current).number("confidence", regime.confidence);
  JsonObject transitions = top.object("transition_probabilities");
  for (const auto& [name, probability] : regime.transitions) transitions.number(name, probability);
  top.integer("duration_in_regime", static_cast<std::int64_t>(regime.duration))
      .number("expected_duration", regime.expected_duration);
  JsonObject probabilities = top.object("regime_probabilities");
  for (const auto& [name, probability] : report->probabilities) {
    probabilities.number(name, probability);
  }
  JsonObject features = top.object("regime_features");
  for (const features::Reading& reading : report->features) {
    features.number(reading.feature->name, reading.value);
  }
  return fresh_reply(document);
}

Reply show_indicators(App& app, Exchange& exchange) {
  const auto symbol = symbol_of(exchange);
  if (!symbol) return problem(app, exchange, symbol.error());
  const auto indicators = serve::read_indicators(*app.store, *symbol, {exchange.deadline});
  if (!indicators) return problem(app, exchange, indicators.error());

  using features::Group;
  JsonDocument document;
  JsonObject top = document.top();
  write_view(top, *indicators);
  JsonObject all = top.object("indicators");
  for (const features::Reading& reading : indicators->readings) {
    all.number(reading.feature->name, reading.value);
  }
  for (const Group group : {Group::trend, Group::momentum, Group::volatility, Group::volume}) {
    JsonArray list = top.array(std::string(to_string(group)) + "_indicators");
    for (const features::Reading& reading : indicators->readings) {
      if (reading.feature->group != group) continue;
      list.object()
          .text("name", reading.feature->name)
          .number("value", reading.value)
          .text("signal", to_string(reading.signal))
          .text("description", reading.description);
    }
  }
  return fresh_reply(document);
}

void write_pair(JsonObject object, const portfolio::History& history, const portfolio::Pair& pair) {
  object.text("asset1", history.assets[pair.first])
      .text("asset2", history.assets[pair.second])
      .number("correlation", pair.correlation);
  write_maybe(object, "rolling_correlation", pair.rolling);
  object.boolean("correlation_breakdown", pair.breakdown);
}

Reply show_correlations(App& app, Exchange& exchange) {
  const auto input = Input::read(exchange, *exchange.route);
  if (!input) return problem(app, exchange, input.error());
  const auto symbols = input->symbols("assets");
  if (!symbols) return problem(app, exchange, symbols.error());
  const auto period = domain::Period::parse(input->text("period"));
  if (!period) return problem(app, exchange, period.error());
  const auto history = serve::read_history(*app.store, *symbols, *period, {exchange.deadline});
  if (!history) return problem(app, exchange, history.error());

  const auto pairs = portfolio::pairs_of(*history);
  JsonDocument document;
  JsonObject top = document.top();
  write_assets(top, *history);
  write_matrix(top.object("correlation_matrix"), *history,
               portfolio::correlations(history->returns));
  JsonArray all = top.array("correlation_pairs");
  JsonArray high = top.array("high_correlations");
  JsonArray low = top.array("low_correlations");
  for (const portfolio::Pair& pair : pairs) {
    write_pair(all.object(), *history, pair);
    if (pair.correlation >= kHigh) write_pair(high.object(), *history, pair);
    if (pair.correlation <= -kHigh) write_pair(low.object(), *history, pair);
  }
  write_period(top, *history);
  return fresh_reply(document);
}

constexpr std::string_view kMarketRegime = R"json({
  "type": "object",
  "required": ["symbol", "asset_type", "as_of", "current_regime", "confidence",
               "transition_probabilities", "duration_in_regime", "expected_duration",
               "regime_probabilities", "regime_features"],
  "properties": {
    "symbol": {"type": "string"},
    "asset_type": {"type": "string"},
    "as_of": {"type": "string", "format": "date"},
    "current_regime": {"type": "string", "description": "As in a forecast"},
    "confidence": {"type": "number", "minimum": 0, "maximum": 1, "description": "Probability of current_regime"},
    "transition_probabilities": {"type": "object", "additionalProperties": {"type": "number"}, "description": "From current_regime, a session ahead"},
    "duration_in_regime": {"type": "integer", "minimum": 0, "description": "Sessions in a row"},
    "expected_duration": {"type": "number", "minimum": 1, "description": "Mean length of its stays, in sessions"},
    "regime_probabilities": {"type": "object", "additionalProperties": {"type": "number"}, "description": "Of every regime, now"},
    "regime_features": {"type": "object", "additionalProperties": {"type": "number"}, "description": "Indicators at the newest bar that describe it"}
  }
})json";

constexpr std::string_view kIndicators = R"json({
  "type": "object",
  "required": ["symbol", "asset_type", "as_of", "indicators", "trend_indicators",
               "momentum_indicators", "volatility_indicators", "volume_indicators"],
  "properties": {
    "symbol": {"type": "string"},
    "asset_type": {"type": "string"},
    "as_of": {"type": "string", "format": "date"},
    "indicators": {"type": "object", "additionalProperties": {"type": ["number", "null"]}, "description": "All 44; null while there are too few bars or fields"},
    "trend_indicators": {"type": "array", "items": {"$ref": "#/components/schemas/Indicator"}},
    "momentum_indicators": {"type": "array", "items": {"$ref": "#/components/schemas/Indicator"}},
    "volatility_indicators": {"type": "array", "items": {"$ref": "#/components/schemas/Indicator"}},
    "volume_indicators": {"type": "array", "items": {"$ref": "#/components/schemas/Indicator"}}
  }
})json";

constexpr std::string_view kIndicator = R"json({
  "type": "object",
  "required": ["name", "value", "signal", "description"],
  "properties": {
    "name": {"type": "string"},
    "value": {"type": ["number", "null"]},
    "signal": {"type": "string", "enum": ["bullish", "bearish", "neutral", "high", "low", "normal", "none"], "description": "What the textbooks make of the value, a convention and no forecast; none where there is no rule or value"},
    "description": {"type": "string", "description": "Definition and rule"}
  }
})json";

constexpr std::string_view kCorrelations = R"json({
  "type": "object",
  "required": ["assets", "correlation_matrix", "correlation_pairs", "high_correlations",
               "low_correlations", "period"],
  "properties": {
    "assets": {"type": "array", "items": {"type": "string"}},
    "correlation_matrix": {"type": "object", "additionalProperties": {"type": "object", "additionalProperties": {"type": "number"}}},
    "correlation_pairs": {"type": "array", "items": {"$ref": "#/components/schemas/CorrelationPair"}},
    "high_correlations": {"type": "array", "description": "Pairs from 0.8 up", "items": {"$ref": "#/components/schemas/CorrelationPair"}},
    "low_correlations": {"type": "array", "description": "Pairs from -0.8 down", "items": {"$ref": "#/components/schemas/CorrelationPair"}},
    "period": {"$ref": "#/components/schemas/PeriodUsed"}
  }
})json";

constexpr std::string_view kPair = R"json({
  "type": "object",
  "required": ["asset1", "asset2", "correlation", "rolling_correlation", "correlation_breakdown"],
  "properties": {
    "asset1": {"type": "string"},
    "asset2": {"type": "string"},
    "correlation": {"type": "number", "minimum": -1, "maximum": 1, "description": "Of simple returns, over the period"},
    "rolling_correlation": {"type": ["number", "null"], "description": "Over its newest 60 sessions; null where one of the two did not move in them"},
    "correlation_breakdown": {"type": "boolean", "description": "The newest 60 sessions differ from those before at 1 % (Fisher's z)"}
  }
})json";

Route of_symbol(std::string_view path, std::string_view summary, std::string_view schema,
                Reply (*work)(App&, Exchange&)) {
  return {.path = path,
          .summary = summary,
          .parameters = {{.name = "symbol",
                          .type = "string",
                          .description = "A stored series; any case",
                          .required = true,
                          .minimum = 1,
                          .maximum = domain::Symbol::kMaxLength,
                          .example = "\"AAPL\""}},
          .schema = schema,
          .failures = {404, 422, 503},
          .work = work};
}

}  // namespace

Resource market_resource() {
  return {.tag = "market",
          .about = "Regimes, correlations and indicators",
          .routes = {of_symbol("/api/v1/market/regime", "The market regime of a symbol",
                               "MarketRegime", show_regime),
                     {.path = "/api/v1/market/correlations",
                      .summary = "How assets move together, and whether that has changed",
                      .parameters = {assets_parameter(In::query, kMostAssets),
                                     period_parameter(In::query, "\"1y\"")},
                      .schema = "Correlations",
                      .failures = {404, 422, 503},
                      .work = show_correlations},
                     of_symbol("/api/v1/market/indicators",
                               "The indicators of a symbol with their usual readings", "Indicators",
                               show_indicators)},
          .schemas = {{"MarketRegime", kMarketRegime},
                      {"Indicators", kIndicators},
                      {"Indicator", kIndicator},
                      {"Correlations", kCorrelations},
                      {"CorrelationPair", kPair}}};
}

}  // namespace ara::http
