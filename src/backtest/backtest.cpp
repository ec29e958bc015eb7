#include "backtest/backtest.h"

#include <algorithm>
#include <cmath>

#include "backtest/walk.h"
#include "base/format.h"
#include "portfolio/performance.h"

namespace ara::backtest {
namespace {

using domain::Bar;

domain::Date date_at(const domain::Series& series, std::size_t bar) {
  return domain::date_of(series.bars[bar].time);
}

const models::ModelRow& model_of(const Plan& plan) {
  return plan.model != nullptr ? *plan.model
                               : models::row_for(domain::AnalysisLevel::basic, plan.window);
}

Result<void> check(const Plan& plan, const models::ModelRow& model) {
  const auto within = [](double value, double least, double most) {
    return std::isfinite(value) && value >= least && value <= most;
  };
  if (plan.end < plan.start) {
    return invalid("end_date", domain::to_iso(plan.end),
                   "a date not before start_date, " + domain::to_iso(plan.start));
  }
  if (!within(plan.initial_capital, 1, 1e12)) {
    return invalid("initial_capital", ara::format("{}", plan.initial_capital),
                   "a number from 1 to 1e12");
  }
  const std::size_t least = std::max(Plan::kMinWindow, model.min_bars);
  if (plan.window < least || plan.window > Plan::kMaxWindow) {
    return invalid(
        "walk_forward_window", std::to_string(plan.window),
        ara::format("{} to {} bars, for the model {}", least, Plan::kMaxWindow, model.name));
  }
  if (plan.retraining < 1 || plan.retraining > Plan::kMaxRetraining) {
    return invalid("retraining_frequency", std::to_string(plan.retraining),
                   ara::format("1 to {} sessions", Plan::kMaxRetraining));
  }
  if (!within(plan.cost_bps, 0, 1000)) {
    return invalid("cost_bps", ara::format("{}", plan.cost_bps), "a number from 0 to 1000");
  }
  if (!within(plan.slippage_bps, 0, 1000)) {
    return invalid("slippage_bps", ara::format("{}", plan.slippage_bps), "a number from 0 to 1000");
  }
  if (!within(plan.target_volatility, 0.01, 2)) {
    return invalid("target_volatility", ara::format("{}", plan.target_volatility),
                   "a number from 0.01 to 2");
  }
  if (model.needs_trees) {
    return invalid(
        "model", model.name,
        "a model that is not trained beforehand, on bars that the backtest must not know");
  }
  return {};
}

/// The bars that are sessions to forecast.
struct Stretch {
  std::size_t first = 0;
  std::size_t last = 0;
};

Result<Stretch> stretch_of(const Plan& plan, const domain::Series& series) {
  const auto& bars = series.bars;
  const auto begin = std::ranges::lower_bound(bars, domain::Time(plan.start), {}, &Bar::time);
  const auto end = std::ranges::upper_bound(bars, domain::Time(plan.end), {}, &Bar::time);
  if (begin >= end) {
    return invalid("end_date", domain::to_iso(plan.end),
                   ara::format("a stretch in which {} has bars", series.symbol.text()));
  }
  const Stretch stretch{std::max(static_cast<std::size_t>(begin - bars.begin()), plan.window),
                        static_cast<std::size_t>(end - bars.begin()) - 1};
  if (stretch.first > stretch.last) {
    return invalid("end_date", domain::to_iso(plan.end),
                   ara::format("a date with {} bars before it (walk_forward_window); {} has {}",
                               plan.window, series.symbol.text(), stretch.last));
  }
  const auto looked_at =
      std::span(bars).first(stretch.last + 1).subspan(stretch.first - plan.window);
  for (const Bar& bar : looked_at) {
    if (domain::value_close(bar) <= 0 || bar.close <= 0) {
      return invalid("symbol", series.symbol.text(),
                     ara::format("one whose closes are positive; that of {} is {}",
                                 domain::to_iso(domain::date_of(bar.time)), bar.close));
    }
  }
  return stretch;
}

std::optional<double> ratio(double part, double whole) {
  if (whole == 0) return std::nullopt;
  return part / whole;
}

/// Directions called and what came of them.
struct Calls {
  double up_right = 0, up_wrong = 0, down_right = 0, down_wrong = 0;
  double told = 0, right = 0;  ///< by the sign of the median, of sessions that moved

  void add(const domain::QuantileFunction& forecast, double change) {
    const bool up = forecast.probability_below(0) < 0.5;
    const bool rose = change > 0;
    (up ? (rose ? up_right : up_wrong) : (rose ? down_wrong : down_right)) += 1;
    if (change == 0) return;
    told += 1;
    if (forecast.median() * change > 0) right += 1;
  }

  void write(Report& report) const {
    const double all = up_right + up_wrong + down_right + down_wrong;
    report.accuracy = ratio(up_right + down_right, all);
    report.precision = ratio(up_right, up_right + up_wrong);
    report.recall = ratio(up_right, up_right + down_wrong);
    report.f1_score = ratio(2 * up_right, 2 * up_right + up_wrong + down_wrong);
    report.directional_accuracy = ratio(right, told);
  }
};

void score_forecasts(const domain::Series& series, std::span<const Step> steps, Report& report) {
  Calls calls;
  double absolute = 0, squares = 0, percents = 0, within = 0;
  for (const Step& step : steps) {
    const Bar& before = series.bars[step.bar - 1];
    const Bar& now = series.bars[step.bar];
    const double change = std::log(domain::value_close(now) / domain::value_close(before));
    calls.add(step.change, change);
    const auto price = [&](double moved) { return before.close * std::exp(moved); };
    const Day day{.date = domain::date_of(now.time),
                  .predicted = price(step.change.median()),
                  .lower = price(step.change.at(0.05)),
                  .upper = price(step.change.at(0.95)),
                  .actual = price(change)};
    const double error = day.predicted - day.actual;
    absolute += std::abs(error);
    squares += error * error;
    percents += 100 * std::abs(error) / day.actual;
    if (day.lower <= day.actual && day.actual <= day.upper) within += 1;
    report.days.push_back(day);
  }
  const auto n = static_cast<double>(steps.size());
  report.total_predictions = steps.size();
  report.mae = absolute / n;
  report.rmse = std::sqrt(squares / n);
  report.mape = percents / n;
  report.coverage_90 = within / n;
  calls.write(report);
}

/// One session has no deviation to divide by.
portfolio::Performance performance_of(const Ledger& ledger, double sessions_a_year) {
  if (ledger.returns.size() > 1) return portfolio::performance_of(ledger.returns, sessions_a_year);
  return {.sharpe = {}, .sortino = {}, .max_drawdown = std::max(0.0, -ledger.returns[0])};
}

void score_trading(const Plan& plan, const Ledger& ledger, double sessions_a_year, Report& report) {
  const auto performance = performance_of(ledger, sessions_a_year);
  report.sharpe_ratio = performance.sharpe;
  report.sortino_ratio = performance.sortino;
  report.max_drawdown = performance.max_drawdown;
  double held = 0, won = 0, gains = 0, losses = 0, before = plan.initial_capital;
  for (std::size_t i = 0; i < ledger.returns.size(); ++i) {
    report.days[i].weight = ledger.weight[i];
    report.days[i].capital = ledger.capital[i];
    const double gain = ledger.capital[i] - before;
    before = ledger.capital[i];
    if (!ledger.held[i]) continue;
    held += 1;
    if (gain > 0) won += 1;
    (gain > 0 ? gains : losses) += std::abs(gain);
  }
  report.win_rate = ratio(won, held);
  report.profit_factor = ratio(gains, losses);
  report.trades = ledger.trades;
  report.total_costs = ledger.costs;
  report.final_capital = ledger.capital.back();
  report.total_return = report.final_capital / plan.initial_capital - 1;
}

Reference reference_of(const Plan& plan, const Ledger& ledger, double sessions_a_year) {
  const auto performance = performance_of(ledger, sessions_a_year);
  return {.final_capital = ledger.capital.back(),
          .total_return = ledger.capital.back() / plan.initial_capital - 1,
          .sharpe_ratio = performance.sharpe,
          .max_drawdown = performance.max_drawdown};
}

std::vector<std::string> assumptions_of(const Plan& plan, const models::ModelRow& model,
                                        const domain::Series& series, std::span<const Step> steps) {
  const auto without_open = std::ranges::count_if(
      steps, [&](const Step& step) { return !std::isfinite(series.bars[step.bar].open); });
  std::vector<std::string> said{
      ara::format(
          "The model {} is fitted every {} sessions on the newest {} bars and updated with "
          "each bar in between; a forecast and a decision use bars of earlier sessions only.",
          model.name, plan.retraining, plan.window),
      "A decision made after a close is executed at the next session's open, whatever the size.",
      ara::format("Each trade costs {} basis points of its value and {} of slippage.",
                  plan.cost_bps, plan.slippage_bps),
      "Prices are adjusted for splits and dividends where the source has that: dividends are "
      "reinvested, untaxed.",
      "Positions are long or flat, any fraction of a unit can be traded, and cash earns nothing.",
      ara::format("Weights within {:.0f} percentage points of what the strategy wants are left "
                  "alone.",
                  100 * kBand),
      ara::format("The last position is valued at its close, not sold. A year has {} sessions, and "
                  "the risk-free rate is 0.",
                  domain::describe(series.asset_type).days_per_year),
  };
  if (without_open > 0) {
    said.push_back(ara::format(
        "In {} sessions, for which the source has no open, trades are executed at the close.",
        without_open));
  }
  const auto first = steps.front().bar;
  if (first == plan.window && date_at(series, first) > plan.start &&
      date_at(series, first - 1) >= plan.start) {
    said.push_back(
        ara::format("The first session is {}: those before it have fewer than {} bars "
                    "to fit on.",
                    domain::to_iso(date_at(series, first)), plan.window));
  }
  return said;
}

}  // namespace

std::vector<Figure> figures(const Report& report) {
  return {{"total_predictions", static_cast<double>(report.total_predictions)},
          {"accuracy", report.accuracy},
          {"precision", report.precision},
          {"recall", report.recall},
          {"f1_score", report.f1_score},
          {"directional_accuracy", report.directional_accuracy},
          {"mae", report.mae},
          {"rmse", report.rmse},
          {"mape", report.mape},
          {"coverage_90", report.coverage_90},
          {"sharpe_ratio", report.sharpe_ratio},
          {"sortino_ratio", report.sortino_ratio},
          {"max_drawdown", report.max_drawdown},
          {"win_rate", report.win_rate},
          {"profit_factor", report.profit_factor},
          {"trades", static_cast<double>(report.trades)},
          {"total_costs", report.total_costs},
          {"final_capital", report.final_capital},
          {"total_return", report.total_return}};
}

std::vector<Figure> figures(const Reference& reference) {
  return {{"final_capital", reference.final_capital},
          {"total_return", reference.total_return},
          {"sharpe_ratio", reference.sharpe_ratio},
          {"max_drawdown", reference.max_drawdown}};
}

Result<void> check(const Plan& plan) {
  return check(plan, model_of(plan));
}

Result<Report> run(const Plan& plan, const domain::Series& series, const Progress& progress) {
  const models::ModelRow& model = model_of(plan);
  if (auto fine = check(plan, model); !fine) return std::unexpected(std::move(fine.error()));
  const auto stretch = stretch_of(plan, series);
  if (!stretch) return std::unexpected(stretch.error());
  const auto steps =
      forecast_sessions(plan, model, series, stretch->first, stretch->last, progress);
  if (!steps) return std::unexpected(steps.error());

  const double sessions_a_year = domain::describe(series.asset_type).days_per_year;
  Report report;
  report.strategy = plan.strategy->name;
  report.model = model.name;
  report.first_session = date_at(series, stretch->first);
  report.last_session = date_at(series, stretch->last);
  score_forecasts(series, *steps, report);
  score_trading(plan, trade(plan, *plan.strategy, series, *steps), sessions_a_year, report);
  report.buy_and_hold = reference_of(
      plan, trade(plan, *find_strategy("buy_and_hold").value(), series, *steps), sessions_a_year);
  report.assumptions = assumptions_of(plan, model, series, *steps);
  return report;
}

}  // namespace ara::backtest
