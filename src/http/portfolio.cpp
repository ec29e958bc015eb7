#include <iterator>

#include "base/format.h"
#include "http/app.h"
#include "http/input.h"
#include "http/json.h"
#include "http/portfolio_parts.h"
#include "http/problem.h"
#include "http/reply.h"
#include "http/resources.h"
#include "portfolio/wishes.h"
#include "serve/history.h"

namespace ara::http {
namespace {

using portfolio::History;

Result<History> history_of(App& app, const Exchange& exchange, const Input& input) {
  const auto symbols = input.symbols("assets");
  if (!symbols) return std::unexpected(symbols.error());
  const accounts::Tier& tier = exchange.principal->tier();
  if (std::ssize(*symbols) > tier.portfolio_assets) {
    return invalid(
        "assets", ara::format("{} symbols", symbols->size()),
        ara::format("at most {}, as the tier {} allows", tier.portfolio_assets, tier.name));
  }
  const auto period = domain::Period::parse(input.text("period"));
  if (!period) return std::unexpected(period.error());
  return serve::read_history(*app.store, *symbols, *period, {exchange.deadline});
}

portfolio::Wishes wishes_of(const Input& input) {
  const Input limits = input.object("constraints");
  return {.method = input.text("optimization_method"),
          .tolerance = input.text("risk_tolerance"),
          .constraints = {.min_weight = limits.number("min_weight"),
                          .max_weight = limits.number("max_weight"),
                          .max_concentration = limits.maybe_number("max_concentration"),
                          .groups = {}},
          .sectors = input.text_map("sectors"),
          .sector_limits = limits.number_map("sector_limits"),
          .asset_class_limits = limits.number_map("asset_class_limits"),
          .expected_returns = input.number_map("expected_returns"),
          .market_weights = input.number_map("market_weights")};
}

Reply optimize(App& app, Exchange& exchange) {
  const auto input = Input::read(exchange, *exchange.route);
  if (!input) return problem(app, exchange, input.error());
  const auto history = history_of(app, exchange, *input);
  if (!history) return problem(app, exchange, history.error());
  const auto order = portfolio::order_of(wishes_of(*input), *history);
  if (!order) return problem(app, exchange, order.error());
  const auto optimum = portfolio::optimise(*history, *order);
  if (!optimum) return problem(app, exchange, optimum.error());

  JsonDocument document;
  JsonObject top = document.top();
  write_assets(top, *history);
  write_by_asset(top.object("optimal_weights"), *history, optimum->weights);
  top.number("expected_return", optimum->expected_return)
      .number("expected_volatility", optimum->volatility);
  write_maybe(top, "sharpe_ratio", optimum->sharpe);
  top.number("var_95", optimum->tail.var_95)
      .number("cvar_95", optimum->tail.cvar_95)
      .text("optimization_method", order->method->name)
      .text("risk_tolerance", order->tolerance->name)
      .number("covariance_shrinkage", optimum->shrinkage);
  write_period(top, *history);
  write_stamp(top, app, exchange);
  return private_reply(document);
}

Reply analyze(App& app, Exchange& exchange) {
  const auto input = Input::read(exchange, *exchange.route);
  if (!input) return problem(app, exchange, input.error());
  const auto history = history_of(app, exchange, *input);
  if (!history) return problem(app, exchange, history.error());
  const auto weights = portfolio::by_symbol("weights", input->number_map("weights"), -2, 2)
                           .and_then([&](const portfolio::BySymbol& given) {
                             return portfolio::weights_of("weights", given, *history, true);
                           });
  if (!weights) return problem(app, exchange, weights.error());
  const portfolio::Analysis analysis = portfolio::analyse(*history, *weights);

  JsonDocument document;
  JsonObject top = document.top();
  write_assets(top, *history);
  write_by_asset(top.object("weights"), *history, *weights);
  top.number("expected_return", analysis.performance.expected_return)
      .number("volatility", analysis.performance.volatility);
  write_maybe(top, "sharpe_ratio", analysis.performance.sharpe);
  write_maybe(top, "sortino_ratio", analysis.performance.sortino);
  top.number("max_drawdown", analysis.performance.max_drawdown)
      .number("var_95", analysis.tail.var_95)
      .number("cvar_95", analysis.tail.cvar_95);
  write_matrix(top.object("correlation_matrix"), *history, analysis.correlation);
  write_by_asset(top.object("risk_contribution"), *history, analysis.risk_contribution);
  write_period(top, *history);
  write_stamp(top, app, exchange);
  return private_reply(document);
}

Reply rebalance(App& app, Exchange& exchange) {
  const auto input = Input::read(exchange, *exchange.route);
  if (!input) return problem(app, exchange, input.error());
  const auto holdings = portfolio::holdings_of(input->number_map("current_weights"),
                                               input->number_map("target_weights"),
                                               input->number_map("current_prices"));
  if (!holdings) return problem(app, exchange, holdings.error());
  const auto plan = portfolio::rebalance(*holdings, input->number("portfolio_value"));

  JsonDocument document;
  JsonObject top = document.top();
  JsonArray trades = top.array("trades");
  for (const portfolio::Trade& trade : plan.trades) {
    trades.object()
        .text("symbol", trade.symbol)
        .text("action", trade.buy ? "BUY" : "SELL")
        .number("quantity", trade.quantity)
        .number("current_price", trade.price)
        .number("target_weight", trade.target_weight)
        .number("current_weight", trade.current_weight)
        .number("value", trade.value);
  }
  top.number("total_transaction_cost", plan.transaction_cost)
      .number("estimated_slippage", plan.slippage);
  write_stamp(top, app, exchange);
  return private_reply(document);
}

}  // namespace

Resource portfolio_resource() {
  auto routes = portfolio_routes();
  Reply (*const handlers[])(App&, Exchange&) = {optimize, analyze, rebalance};
  for (std::size_t i = 0; i < routes.size(); ++i) routes[i].work = handlers[i];
  return {.tag = "portfolio",
          .about = "Weights of portfolios, their risk, and the trades between them",
          .routes = std::move(routes),
          .schemas = portfolio_schemas()};
}

}  // namespace ara::http
