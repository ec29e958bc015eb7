#include <cmath>
#include <memory>

#include "base/format.h"
#include "base/text.h"
#include "cli/chart.h"
#include "cli/commands.h"
#include "cli/forecast_view.h"
#include "cli/output.h"
#include "cli/predict_table.h"

namespace ara::cli {
namespace {

struct PredictOptions {
  std::string symbol;
  std::string days = std::to_string(domain::ForecastKey::kDefaultHorizon);
  std::string level{domain::to_string(domain::AnalysisLevel::standard)};
  std::string asset_type;
  bool no_explanations = false;
  bool json = false;
  bool plot = false;
};

Result<serve::ForecastRequest> parse(const PredictOptions& options) {
  auto symbol = domain::Symbol::parse(options.symbol);
  if (!symbol) return std::unexpected(std::move(symbol.error()));
  const auto days = parse_integer(options.days);
  if (!days || *days < 1 || *days > domain::ForecastKey::kMaxHorizon) {
    return invalid("days", options.days,
                   ara::format("an integer from 1 to {}", domain::ForecastKey::kMaxHorizon));
  }
  const auto level = domain::parse_analysis_level(options.level);
  if (!level) return std::unexpected(level.error());
  serve::ForecastRequest request{.symbol = std::move(*symbol),
                                 .days = static_cast<int>(*days),
                                 .level = *level,
                                 .explanations = !options.no_explanations,
                                 .asset_type = std::nullopt};
  if (!options.asset_type.empty()) {
    const auto type = domain::parse_asset_type(options.asset_type);
    if (!type) return std::unexpected(type.error());
    request.asset_type = *type;
  }
  return request;
}

/// The chart with as many of the newest closes as it may have columns.
Result<std::string> make_chart(const ForecastView& forecast, const domain::Symbol& symbol,
                               storage::Store& store, const Look& look) {
  constexpr std::size_t kMostCloses = 110;
  const auto series = store.last_bars(symbol, kMostCloses, Call{});
  if (!series) return std::unexpected(series.error());
  FanChart chart;
  for (const domain::Bar& bar : series->bars) {
    std::string date = domain::to_iso(domain::date_of(bar.time));
    if (date > forecast.as_of) break;  // came in since the forecast was made
    chart.past_dates.push_back(std::move(date));
    chart.past.push_back(bar.close);
  }
  if (chart.past.empty())
    return fail(Code::conflict, "The bars were replaced meanwhile; try again");
  for (const DayView& day : forecast.days) {
    chart.dates.push_back(day.date);
    chart.fan.push_back(day.quantiles);
  }
  return render(chart, look);
}

Result<std::string> predict(const PredictOptions& options, Context& context) {
  const auto request = parse(options);
  if (!request) return std::unexpected(request.error());
  auto store = context.open_store(context.config);
  if (!store) return std::unexpected(std::move(store.error()));
  const auto service =
      context.make_service(context.config, *store, std::make_shared<telemetry::Metrics>(false));
  if (!service) return std::unexpected(service.error());
  const auto ready = (*service)->compute_now(*request, Call{});
  if (!ready) return std::unexpected(ready.error());
  if (options.json) return *ready->body + "\n";
  const auto forecast = read_forecast(*ready->body);
  if (!forecast) return std::unexpected(forecast.error());
  const Look look = standard_output();
  std::string out = headline(*forecast, look.colour) + "\n";
  if (options.plot) {
    const auto chart = make_chart(*forecast, request->symbol, **store, look);
    if (!chart) return std::unexpected(chart.error());
    out += *chart + "\n";
  }
  return out + table(*forecast, look.colour) + "\n" + footnote(*forecast, look);
}

}  // namespace

std::function<int()> enrol_predict(CLI::App& app, Context& context) {
  const auto options = std::make_shared<PredictOptions>();
  std::string types;
  for (const domain::AssetRow& row : domain::asset_types()) {
    types += (types.empty() ? "" : "|") + std::string(row.name);
  }
  app.add_option("SYMBOL", options->symbol, "The symbol, e.g. AAPL; `ara symbols` lists them")
      ->required()
      ->type_name("");
  app.add_option("-d,--days", options->days,
                 ara::format("Sessions ahead, 1 to {} [{}]", domain::ForecastKey::kMaxHorizon,
                             domain::ForecastKey::kDefaultHorizon))
      ->type_name("N");
  app.add_option("-a,--analysis-level", options->level, "How much is computed [standard]")
      ->type_name("basic|standard|full");
  app.add_option("--asset-type", options->asset_type,
                 "Fail unless the symbol is stored with this type")
      ->type_name(types);
  app.add_flag("--no-explanations", options->no_explanations,
               "As include_explanations=false over HTTP");
  auto* json = app.add_flag("--json", options->json, "The body that the API answers");
  app.add_flag("--plot", options->plot, "A fan chart of recent closes and the forecast")
      ->excludes(json);
  return [options, &context] { return emit_or_report(predict(*options, context)); };
}

}  // namespace ara::cli
