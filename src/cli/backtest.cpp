// ara backtest
#include "backtest/backtest.h"

#include <algorithm>
#include <memory>

#include "base/format.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/table.h"
#include "domain/period.h"

namespace ara::cli {
namespace {

using backtest::Plan;
using backtest::Report;

constexpr std::size_t kAllBars = 1'000'000;

/// As given; nothing is read before the command runs.
struct BacktestOptions {
  std::string symbol;
  std::string start, end;
  std::string period = "1y";
  std::string strategy = "buy_and_hold";
  std::string model;
  std::string capital = "10000";
  std::string window = "252";
  std::string retraining = "30";
  bool json = false;
};

Result<domain::Date> parse_date(std::string_view field, std::string_view text) {
  const auto date = domain::parse_iso_date(text);
  if (!date) return invalid(field, text, "a date as YYYY-MM-DD");
  return *date;
}

Result<std::size_t> parse_count(std::string_view field, std::string_view text) {
  const auto count = parse_integer(text);
  if (!count || *count < 1) return invalid(field, text, "a whole number from 1");
  return static_cast<std::size_t>(*count);
}

Result<void> read_dates(const BacktestOptions& options, const domain::Series& series, Plan& plan) {
  plan.end = domain::date_of(series.bars.back().time);
  if (!options.end.empty()) {
    const auto end = parse_date("end", options.end);
    if (!end) return std::unexpected(end.error());
    plan.end = *end;
  }
  const auto period = domain::Period::parse(options.period);
  if (!period) return std::unexpected(period.error());
  plan.start = period->before(plan.end);
  if (!options.start.empty()) {
    const auto start = parse_date("start", options.start);
    if (!start) return std::unexpected(start.error());
    plan.start = *start;
  }
  return {};
}

Result<Plan> plan_of(const BacktestOptions& options, const domain::Series& series) {
  Plan plan;
  if (auto read = read_dates(options, series, plan); !read) {
    return std::unexpected(std::move(read.error()));
  }
  const auto strategy = backtest::find_strategy(options.strategy);
  if (!strategy) return std::unexpected(strategy.error());
  plan.strategy = *strategy;
  if (!options.model.empty()) {
    const auto model = models::find_model(options.model);
    if (!model) return std::unexpected(model.error());
    plan.model = *model;
  }
  const auto capital = parse_double(options.capital);
  if (!capital) return invalid("initial-capital", options.capital, "a number");
  plan.initial_capital = *capital;
  const auto window = parse_count("window", options.window);
  if (!window) return std::unexpected(window.error());
  plan.window = *window;
  const auto retraining = parse_count("retrain", options.retraining);
  if (!retraining) return std::unexpected(retraining.error());
  plan.retraining = *retraining;
  return plan;
}

void put_figures(Json& json, yyjson_mut_val* object, const std::vector<backtest::Figure>& figures) {
  for (const backtest::Figure& figure : figures) {
    json.put(object, figure.name, figure.value ? json.real(*figure.value) : json.null());
  }
}

std::string as_json(const domain::Symbol& symbol, const Report& report) {
  Json json;
  yyjson_mut_val* root = json.object();
  json.put(root, "symbol", json.text(symbol.text()));
  json.put(root, "strategy", json.text(report.strategy));
  json.put(root, "model", json.text(report.model));
  json.put(root, "first_session", json.text(domain::to_iso(report.first_session)));
  json.put(root, "last_session", json.text(domain::to_iso(report.last_session)));
  put_figures(json, root, backtest::figures(report));
  yyjson_mut_val* reference = json.object();
  put_figures(json, reference, backtest::figures(report.buy_and_hold));
  json.put(root, "buy_and_hold", reference);
  yyjson_mut_val* assumptions = json.array();
  for (const std::string& said : report.assumptions) json.append(assumptions, json.text(said));
  json.put(root, "assumptions", assumptions);
  return json.write(root) + "\n";
}

std::string as_page(const domain::Symbol& symbol, const Report& report, const Look& look) {
  using enum Table::Align;
  std::string page = ara::format(
      "{}: {} by {}, {} to {}\n\n", paint(symbol.text(), "1", look.colour), report.strategy,
      report.model, domain::to_iso(report.first_session), domain::to_iso(report.last_session));
  Table table({{""}, {report.strategy, right}, {"buy_and_hold", right}});
  const auto held = backtest::figures(report.buy_and_hold);
  const auto shown = [](const std::optional<double>& value) {
    return value ? ara::format("{:.6g}", *value) : std::string("-");
  };
  for (const backtest::Figure& figure : backtest::figures(report)) {
    const auto same = std::ranges::find(held, figure.name, &backtest::Figure::name);
    table.add({{std::string(figure.name)},
               {shown(figure.value)},
               {same == held.end() ? "" : shown(same->value)}});
  }
  page += table.render(look.colour) + "\n";
  const auto width = static_cast<std::size_t>(look.width);
  for (const std::string& said : report.assumptions) page += wrap("- " + said, width) + "\n";
  return page;
}

int run_backtest(const BacktestOptions& options, Context& context) {
  const auto symbol = domain::Symbol::parse(options.symbol);
  if (!symbol) return report(symbol.error());
  const auto store = context.open_store(context.config);
  if (!store) return report(store.error());
  const auto series = (*store)->last_bars(*symbol, kAllBars, Call{});
  if (!series) return report(series.error());
  const auto plan = plan_of(options, *series);
  if (!plan) return report(plan.error());
  const auto done = backtest::run(*plan, *series);
  if (!done) return report(done.error());
  return emit_or_report(options.json ? as_json(*symbol, *done)
                                     : as_page(*symbol, *done, standard_output()));
}

}  // namespace

std::function<int()> enrol_backtest(CLI::App& app, Context& context) {
  const auto options = std::make_shared<BacktestOptions>();
  app.add_option("SYMBOL", options->symbol, "A stored series, e.g. AAPL")->required();
  app.add_option("-s,--start", options->start, "First session, YYYY-MM-DD");
  app.add_option("-e,--end", options->end, "Last session [the newest]");
  app.add_option("-p,--period", options->period, "Instead of --start: so long before the end [1y]");
  app.add_option("--strategy", options->strategy, "How forecasts are traded [buy_and_hold]")
      ->type_name("buy_and_hold|long_flat|volatility_target");
  app.add_option("--model", options->model, "Which model forecasts [that of level basic]");
  app.add_option("--initial-capital", options->capital, "In the quote currency [10000]");
  app.add_option("-w,--window", options->window, "Newest bars that a fit sees [252]");
  app.add_option("-r,--retrain", options->retraining, "Sessions between fits [30]");
  app.add_flag("--json", options->json, "JSON");
  return [options, &context] { return run_backtest(*options, context); };
}

}  // namespace ara::cli
