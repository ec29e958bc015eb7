#include "http/portfolio_parts.h"
#include "portfolio/method.h"

namespace ara::http {
namespace {

constexpr double kMostAssets = 50;

template <class Rows>
std::vector<std::string> names_of(const Rows& rows) {
  std::vector<std::string> names;
  for (const auto& row : rows) names.emplace_back(row.name);
  return names;
}

/// A map from names to numbers in a body.
Parameter numbers(std::string_view name, std::string_view description, bool required = false) {
  return {.name = name,
          .in = In::body,
          .type = "object",
          .description = description,
          .required = required,
          .maximum = kMostAssets,
          .items = "number"};
}

Parameter example(Parameter parameter, std::string_view json) {
  parameter.example = json;
  return parameter;
}

std::vector<Parameter> constraint_fields() {
  return {{.name = "min_weight",
           .in = In::body,
           .type = "number",
           .description = "Least weight of each asset; below 0: short positions are allowed",
           .minimum = -1,
           .maximum = 1,
           .default_value = "0"},
          {.name = "max_weight",
           .in = In::body,
           .type = "number",
           .description = "Largest weight of each asset",
           .minimum = 0,
           .maximum = 2,
           .default_value = "1"},
          {.name = "max_concentration",
           .in = In::body,
           .type = "number",
           .description = "Largest weight in size, short ones included",
           .minimum = 0,
           .maximum = 2},
          numbers("sector_limits", "Largest sum of the weights of a sector that `sectors` names"),
          numbers("asset_class_limits",
                  "Largest sum of the weights of an asset type: stock, crypto, forex, index, "
                  "commodity")};
}

Route optimize_route() {
  return {.method = Method::post,
          .path = "/api/v1/portfolio/optimize",
          .access = Access::user,
          .summary = "Weights of a portfolio by one of several methods, under constraints",
          .parameters =
              {assets_parameter(In::body, kMostAssets),
               {.name = "risk_tolerance",
                .in = In::body,
                .type = "string",
                .description = "Risk aversion 10, 5 or 2.5; of Kelly a quarter, a half or all",
                .choices = names_of(portfolio::tolerances()),
                .default_value = "\"moderate\""},
               {.name = "optimization_method",
                .in = In::body,
                .type = "string",
                .description = "docs/PORTFOLIO.md has the formulas",
                .choices = names_of(portfolio::methods()),
                .default_value = "\"mpt\"",
                .aliases = {"method"}},
               {.name = "constraints",
                .in = In::body,
                .type = "object",
                .description = "What the weights must satisfy beside summing to 1",
                .fields = constraint_fields(),
                .example = R"({"max_weight":0.8})"},
               {.name = "sectors",
                .in = In::body,
                .type = "object",
                .description = "The sector of each asset, for sector_limits",
                .maximum = kMostAssets,
                .items = "string",
                .example = R"({"AAPL":"tech","MSFT":"tech"})"},
               example(numbers("expected_returns",
                               "A year's return of some of the assets, 0.1 is 10 %: in the place "
                               "of the sample's mean, or Black-Litterman's views"),
                       R"({"AAPL":0.08})"),
               numbers("market_weights",
                       "The portfolio that Black-Litterman takes for the market's; equal weights "
                       "unless given"),
               period_parameter(In::body, "\"2y\"")},
          .schema = "OptimalPortfolio",
          .failures = {404, 413, 415, 422, 503}};
}

Route analyze_route() {
  return {
      .method = Method::post,
      .path = "/api/v1/portfolio/analyze",
      .access = Access::user,
      .summary = "What a portfolio earned and risked, and where its risk comes from",
      .parameters = {assets_parameter(In::body, kMostAssets),
                     example(numbers("weights", "Of each asset; they sum to 1, within 0.01", true),
                             R"({"AAPL":0.6,"MSFT":0.4})"),
                     period_parameter(In::body, "\"1y\"")},
      .schema = "PortfolioAnalysis",
      .failures = {404, 413, 415, 422, 503}};
}

Route rebalance_route() {
  return {
      .method = Method::post,
      .path = "/api/v1/portfolio/rebalance",
      .access = Access::user,
      .summary = "The trades that turn a portfolio into another, and what they cost",
      .parameters = {example(numbers("current_weights", "What is not in a symbol is cash", true),
                             R"({"AAPL":0.7,"MSFT":0.3})"),
                     example(numbers("target_weights", "Likewise", true),
                             R"({"AAPL":0.5,"MSFT":0.5})"),
                     example(numbers("current_prices", "Of each symbol in either", true),
                             R"({"AAPL":190.5,"MSFT":410.2})"),
                     {.name = "portfolio_value",
                      .in = In::body,
                      .type = "number",
                      .description = "Cash included, in the currency of the prices",
                      .required = true,
                      .minimum = 0.01,
                      .maximum = 1e15,
                      .example = "100000"}},
      .schema = "Rebalancing",
      .failures = {413, 415, 422, 503}};
}

constexpr std::string_view kOptimal = R"json({
  "type": "object",
  "required": ["assets", "optimal_weights", "expected_return", "expected_volatility", "sharpe_ratio",
               "var_95", "cvar_95", "optimization_method", "risk_tolerance",
               "covariance_shrinkage", "period", "timestamp", "request_id"],
  "properties": {
    "assets": {"type": "array", "items": {"type": "string"}},
    "optimal_weights": {"type": "object", "additionalProperties": {"type": "number"}, "description": "They sum to 1"},
    "expected_return": {"type": "number", "description": "A year's, by the means that the method goes by; 0.1 is 10 %"},
    "expected_volatility": {"type": "number", "minimum": 0, "description": "A year's, by the shrunk covariance"},
    "sharpe_ratio": {"type": ["number", "null"], "description": "Risk-free rate 0"},
    "var_95": {"type": "number", "description": "Loss that the next session exceeds with probability 5 %, part of the value; docs/PORTFOLIO.md has the formula"},
    "cvar_95": {"type": "number", "description": "Mean of the losses beyond it"},
    "optimization_method": {"type": "string"},
    "risk_tolerance": {"type": "string"},
    "covariance_shrinkage": {"type": "number", "minimum": 0, "maximum": 1, "description": "Weight of constant correlation in the covariance (Ledoit and Wolf 2004)"},
    "period": {"$ref": "#/components/schemas/PeriodUsed"},
    "timestamp": {"type": "string", "format": "date-time"},
    "request_id": {"type": "string"}
  }
})json";

constexpr std::string_view kAnalysis = R"json({
  "type": "object",
  "required": ["assets", "weights", "expected_return", "volatility", "sharpe_ratio",
               "sortino_ratio", "max_drawdown", "var_95", "cvar_95", "correlation_matrix",
               "risk_contribution", "period", "timestamp", "request_id"],
  "properties": {
    "assets": {"type": "array", "items": {"type": "string"}},
    "weights": {"type": "object", "additionalProperties": {"type": "number"}, "description": "Scaled to sum to exactly 1, and restored before each session"},
    "expected_return": {"type": "number", "description": "Arithmetic mean, a year's; 0.1 is 10 %"},
    "volatility": {"type": "number", "minimum": 0, "description": "Standard deviation, a year's"},
    "sharpe_ratio": {"type": ["number", "null"], "description": "Risk-free rate 0"},
    "sortino_ratio": {"type": ["number", "null"], "description": "Over the root mean square of losses"},
    "max_drawdown": {"type": "number", "minimum": 0, "description": "Largest part lost from a peak"},
    "var_95": {"type": "number", "description": "Loss that the next session exceeds with probability 5 %, part of the value; docs/PORTFOLIO.md has the formula"},
    "cvar_95": {"type": "number", "description": "Mean of the losses beyond it"},
    "correlation_matrix": {"type": "object", "additionalProperties": {"type": "object", "additionalProperties": {"type": "number"}}},
    "risk_contribution": {"type": "object", "additionalProperties": {"type": "number"}, "description": "Parts of the variance, summing to 1"},
    "period": {"$ref": "#/components/schemas/PeriodUsed"},
    "timestamp": {"type": "string", "format": "date-time"},
    "request_id": {"type": "string"}
  }
})json";

constexpr std::string_view kRebalancing = R"json({
  "type": "object",
  "required": ["trades", "total_transaction_cost", "estimated_slippage", "timestamp", "request_id"],
  "properties": {
    "trades": {
      "type": "array",
      "description": "Sales first, as they pay for purchases",
      "items": {
        "type": "object",
        "required": ["symbol", "action", "quantity", "current_price", "target_weight",
                     "current_weight", "value"],
        "properties": {
          "symbol": {"type": "string"},
          "action": {"type": "string", "enum": ["BUY", "SELL"]},
          "quantity": {"type": "number", "description": "Units, fractions included"},
          "current_price": {"type": "number"},
          "target_weight": {"type": "number"},
          "current_weight": {"type": "number"},
          "value": {"type": "number"}
        }
      }
    },
    "total_transaction_cost": {"type": "number", "description": "0.1 % of the value traded"},
    "estimated_slippage": {"type": "number", "description": "0.05 % of the value traded"},
    "timestamp": {"type": "string", "format": "date-time"},
    "request_id": {"type": "string"}
  }
})json";

constexpr std::string_view kPeriod = R"json({
  "type": "object",
  "description": "The returns that the answer is computed from",
  "required": ["start", "end", "sessions", "sessions_a_year"],
  "properties": {
    "start": {"type": "string", "format": "date"},
    "end": {"type": "string", "format": "date"},
    "sessions": {"type": "integer", "minimum": 60, "description": "That all assets have"},
    "sessions_a_year": {"type": "number", "description": "By which annual figures are made"}
  }
})json";

}  // namespace

std::vector<Route> portfolio_routes() {
  return {optimize_route(), analyze_route(), rebalance_route()};
}

std::vector<Schema> portfolio_schemas() {
  return {{"OptimalPortfolio", kOptimal},
          {"PortfolioAnalysis", kAnalysis},
          {"Rebalancing", kRebalancing},
          {"PeriodUsed", kPeriod}};
}

}  // namespace ara::http
