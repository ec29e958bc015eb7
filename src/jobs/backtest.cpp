// The kind "backtest": {"symbol": "AAPL", "start_date": "2015-01-02", "end_date": "2017-12-29"},
// with "initial_capital", "strategy", "walk_forward_window", "retraining_frequency", "model",
// "cost_bps", "slippage_bps" and "target_volatility" as backtest::Plan has them.
#include "backtest/backtest.h"

#include <cmath>

#include "base/format.h"
#include "jobs/kinds.h"
#include "jobs/payload.h"

namespace ara::jobs {
namespace {

constexpr std::size_t kAllBars = 1'000'000;

struct Asked {
  domain::Symbol symbol;
  backtest::Plan plan;
};

domain::Date read_date(Payload& in, std::string_view name) {
  const std::string text = in.text(name);
  const auto date = domain::parse_iso_date(text);
  if (!date) in.note(invalid(name, text, "a date, YYYY-MM-DD").error());
  return date.value_or(domain::Date{});
}

Result<Asked> read_backtest(std::string_view payload) {
  auto in = Payload::parse(payload);
  if (!in) return std::unexpected(std::move(in.error()));
  auto symbol = domain::Symbol::parse(in->text("symbol"));
  if (!symbol) return std::unexpected(std::move(symbol.error()));
  using backtest::Plan;
  Plan plan;
  plan.start = read_date(*in, "start_date");
  plan.end = read_date(*in, "end_date");
  plan.initial_capital = in->number("initial_capital", plan.initial_capital);
  plan.strategy =
      in->take(backtest::find_strategy(in->text("strategy", plan.strategy->name)), plan.strategy);
  const auto count = [&](std::string_view name, std::size_t fallback, std::size_t least,
                         std::size_t most) {
    return static_cast<std::size_t>(in->integer(name, static_cast<std::int64_t>(fallback),
                                                static_cast<std::int64_t>(least),
                                                static_cast<std::int64_t>(most)));
  };
  plan.window = count("walk_forward_window", plan.window, Plan::kMinWindow, Plan::kMaxWindow);
  plan.retraining = count("retraining_frequency", plan.retraining, 1, Plan::kMaxRetraining);
  if (in->has("model")) plan.model = in->take(models::find_model(in->text("model")), plan.model);
  plan.cost_bps = in->number("cost_bps", plan.cost_bps);
  plan.slippage_bps = in->number("slippage_bps", plan.slippage_bps);
  plan.target_volatility = in->number("target_volatility", plan.target_volatility);
  return in->check().and_then([&] { return backtest::check(plan); }).transform([&] {
    return Asked{std::move(*symbol), plan};
  });
}

/// JSON has no word for what is not finite.
std::string number(std::optional<double> value) {
  return value && std::isfinite(*value) ? ara::format("{}", *value) : "null";
}

std::string members(const std::vector<backtest::Figure>& figures) {
  std::string out;
  for (const backtest::Figure& figure : figures) {
    out += ara::format(R"({}"{}":{})", out.empty() ? "" : ",", figure.name, number(figure.value));
  }
  return out;
}

std::string report_json(const domain::Symbol& symbol, const backtest::Report& report) {
  std::vector<std::string> days;
  for (const backtest::Day& day : report.days) {
    days.push_back(ara::format(
        R"({{"date":"{}","predicted":{},"lower":{},"upper":{},"actual":{},"weight":{},"capital":{}}})",
        domain::to_iso(day.date), number(day.predicted), number(day.lower), number(day.upper),
        number(day.actual), number(day.weight), number(day.capital)));
  }
  return ara::format(
      R"({{"symbol":{},"strategy":{},"model":{},"first_session":"{}","last_session":"{}",{},)"
      R"("buy_and_hold":{{{}}},"assumptions":{},"days":{}}})",
      json_text(symbol.text()), json_text(report.strategy), json_text(report.model),
      domain::to_iso(report.first_session), domain::to_iso(report.last_session),
      members(figures(report)), members(figures(report.buy_and_hold)),
      json_texts(report.assumptions), json_array(days));
}

}  // namespace

Result<Prepared> prepare_backtest(std::string_view payload, const registry::Shelf&) {
  return read_backtest(payload).transform([](const Asked& asked) {
    const backtest::Plan& plan = asked.plan;
    const std::string model =
        plan.model == nullptr ? "" : ara::format(R"("model":"{}",)", plan.model->name);
    return Prepared{
        ara::format(R"({{"symbol":{},"start_date":"{}","end_date":"{}","initial_capital":{},)"
                    R"("strategy":"{}","walk_forward_window":{},"retraining_frequency":{},{})"
                    R"("cost_bps":{},"slippage_bps":{},"target_volatility":{}}})",
                    json_text(asked.symbol.text()), domain::to_iso(plan.start),
                    domain::to_iso(plan.end), plan.initial_capital, plan.strategy->name,
                    plan.window, plan.retraining, model, plan.cost_bps, plan.slippage_bps,
                    plan.target_volatility),
        {}};
  });
}

Result<std::string> run_backtest(std::string_view payload, Context& context) {
  const auto asked = read_backtest(payload);
  if (!asked) return std::unexpected(asked.error());
  const auto series = context.store.last_bars(asked->symbol, kAllBars, Call{});
  if (!series) return std::unexpected(series.error());
  const auto report = backtest::run(asked->plan, *series,
                                    [&](double part, std::string_view message) -> Result<void> {
                                      context.progress(part, message);
                                      if (context.cancelled())
                                        return fail(Code::unavailable, "The backtest was stopped");
                                      return {};
                                    });
  if (!report) return std::unexpected(report.error());
  return report_json(asked->symbol, *report);
}

}  // namespace ara::jobs
