#include <algorithm>
#include <array>
#include <chrono>

#include "backtest/backtest.h"
#include "base/format.h"
#include "http/app.h"
#include "http/input.h"
#include "http/job_view.h"
#include "http/problem.h"
#include "http/resources.h"
#include "models/model.h"

namespace ara::http {
namespace {

using backtest::Plan;

constexpr std::array<std::string_view, 4> kNumbers{"initial_capital", "cost_bps", "slippage_bps",
                                                   "target_volatility"};
constexpr std::array<std::string_view, 2> kCounts{"walk_forward_window", "retraining_frequency"};

Result<void> check_tier(const Exchange& exchange, const Input& input) {
  const auto days = (*input.date("end_date") - *input.date("start_date")).count() + 1;
  const accounts::Tier& tier = exchange.principal->tier();
  if (days <= tier.backtest_days) return {};
  return invalid("end_date", input.text("end_date"),
                 ara::format("at most {} days from start_date on, as the tier {} has",
                             tier.backtest_days, tier.name));
}

/// The request as the payload of the job, which checks it again.
std::string payload_of(const Input& input, const domain::Symbol& symbol) {
  JsonDocument document;
  JsonObject top = document.top();
  top.text("symbol", symbol.text())
      .text("start_date", input.text("start_date"))
      .text("end_date", input.text("end_date"))
      .text("strategy", input.text("strategy"));
  for (const std::string_view name : kNumbers) top.exact(name, input.number(name));
  for (const std::string_view name : kCounts) top.integer(name, input.integer(name));
  if (input.given("model")) top.text("model", input.text("model"));
  return document.write();
}

Reply post_backtest(App& app, Exchange& exchange) {
  const auto input = Input::read(exchange, *exchange.route);
  if (!input) return problem(app, exchange, input.error());
  const auto symbol = input->symbol("symbol");
  if (!symbol) return problem(app, exchange, symbol.error());
  if (auto allowed = check_tier(exchange, *input); !allowed) {
    return problem(app, exchange, allowed.error());
  }
  if (auto stored = find_stored(app, *symbol, Call{exchange.deadline}); !stored) {
    return problem(app, exchange, stored.error());
  }
  const auto put = start_job(app, exchange, "backtest", payload_of(*input, *symbol));
  return put ? accepted(app, exchange, *put, symbol->text()) : problem(app, exchange, put.error());
}

Reply show_backtest(App& app, Exchange& exchange) {
  const auto job = named_job(app, exchange, "job_id", "backtest");
  return job ? shown(*job) : problem(app, exchange, job.error());
}

std::vector<std::string> strategy_names() {
  std::vector<std::string> names;
  for (const backtest::StrategyRow& row : backtest::strategies()) names.emplace_back(row.name);
  return names;
}

std::vector<std::string> model_names() {
  std::vector<std::string> names;
  for (const models::ModelRow& row : models::catalog()) {
    if (!row.needs_trees) names.emplace_back(row.name);
  }
  return names;
}

std::vector<Parameter> plan_parameters() {
  return {{.name = "symbol",
           .in = In::body,
           .type = "string",
           .description = "A stored series",
           .required = true,
           .minimum = 1,
           .maximum = domain::Symbol::kMaxLength,
           .example = "\"AAPL\""},
          {.name = "start_date",
           .in = In::body,
           .type = "string",
           .description = "First session; those before it are for fitting only",
           .required = true,
           .format = "date",
           .example = "\"2015-01-02\""},
          {.name = "end_date",
           .in = In::body,
           .type = "string",
           .description = "Last session; nothing after it is looked at",
           .required = true,
           .format = "date",
           .example = "\"2015-12-31\""},
          {.name = "initial_capital",
           .in = In::body,
           .type = "number",
           .description = "In the quote currency",
           .minimum = 1,
           .maximum = 1e12,
           .default_value = "10000"},
          {.name = "strategy",
           .in = In::body,
           .type = "string",
           .description = "How forecasts become positions",
           .choices = strategy_names(),
           .default_value = "\"buy_and_hold\""},
          {.name = "walk_forward_window",
           .in = In::body,
           .type = "integer",
           .description = "Newest bars that a fit sees",
           .minimum = static_cast<double>(Plan::kMinWindow),
           .maximum = static_cast<double>(Plan::kMaxWindow),
           .default_value = "252"},
          {.name = "retraining_frequency",
           .in = In::body,
           .type = "integer",
           .description = "Sessions between fits",
           .minimum = 1,
           .maximum = static_cast<double>(Plan::kMaxRetraining),
           .default_value = "30"},
          {.name = "model",
           .in = In::body,
           .type = "string",
           .description = "Who forecasts; by default the model of the basic level",
           .choices = model_names()}};
}

std::vector<Parameter> cost_parameters() {
  return {{.name = "cost_bps",
           .in = In::body,
           .type = "number",
           .description = "Of the value traded, in hundredths of a percent",
           .minimum = 0,
           .maximum = 1000,
           .default_value = "10"},
          {.name = "slippage_bps",
           .in = In::body,
           .type = "number",
           .description = "By which prices of execution are worse, in hundredths of a percent",
           .minimum = 0,
           .maximum = 1000,
           .default_value = "5"},
          {.name = "target_volatility",
           .in = In::body,
           .type = "number",
           .description = "A year's, for strategies that have one",
           .minimum = 0.01,
           .maximum = 2,
           .default_value = "0.15"}};
}

std::vector<Parameter> parameters() {
  auto all = plan_parameters();
  std::ranges::move(cost_parameters(), std::back_inserter(all));
  return all;
}

}  // namespace

Resource backtests_resource() {
  return {.tag = "backtest",
          .about = "Walk-forward backtests of a symbol, as jobs",
          .routes = {{.method = Method::post,
                      .path = "/api/v1/backtest",
                      .access = Access::user,
                      .summary = "Starts a backtest. The header Idempotency-Key makes sending it "
                                 "twice start one",
                      .parameters = parameters(),
                      .success = 202,
                      .schema = "JobAccepted",
                      .failures = {404, 413, 415, 422, 503},
                      .work = post_backtest},
                     {.path = "/api/v1/backtest/{job_id}",
                      .access = Access::user,
                      .summary = "How far a backtest is, and its report. Ratios are fractions",
                      .parameters = {job_id_parameter()},
                      .schema = "Job",
                      .failures = {404, 422, 503},
                      .work = show_backtest}},
          .schemas = {}};
}

}  // namespace ara::http
