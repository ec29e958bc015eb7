// ara market
#include "serve/market.h"

#include <cmath>
#include <memory>

#include "base/format.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/table.h"
#include "features/reading.h"
#include "portfolio/analyse.h"
#include "serve/history.h"

namespace ara::cli {
namespace {

struct MarketOptions {
  std::string symbol;
  std::vector<std::string> assets;
  std::string period = "1y";
  bool json = false;
};

yyjson_mut_val* map_of(Json& json, const std::vector<std::pair<std::string, double>>& values) {
  yyjson_mut_val* map = json.object();
  for (const auto& [name, value] : values) json.put(map, name, json.real(value));
  return map;
}

Result<std::string> show_regime(const MarketOptions& options, storage::Store& store) {
  const auto symbol = domain::Symbol::parse(options.symbol);
  if (!symbol) return std::unexpected(symbol.error());
  const auto report = serve::read_regime(store, *symbol, Call{});
  if (!report) return std::unexpected(report.error());
  const domain::RegimeView& regime = report->regime;
  if (options.json) {
    Json json;
    yyjson_mut_val* root = json.object();
    json.put(root, "symbol", json.text(report->symbol.text()));
    json.put(root, "as_of", json.text(domain::to_iso(report->as_of)));
    json.put(root, "current_regime", json.text(regime.current));
    json.put(root, "confidence", json.real(regime.confidence));
    json.put(root, "transition_probabilities", map_of(json, regime.transitions));
    json.put(root, "duration_in_regime", json.number(regime.duration));
    json.put(root, "expected_duration", json.real(regime.expected_duration));
    json.put(root, "regime_probabilities", map_of(json, report->probabilities));
    return json.write(root) + "\n";
  }
  using enum Table::Align;
  const bool colour = standard_output().colour;
  Table table({{"Regime"}, {"Now", right}, {"Next session", right}});
  for (std::size_t i = 0; i < report->probabilities.size(); ++i) {
    table.add({{report->probabilities[i].first},
               {ara::format("{:.1f} %", 100 * report->probabilities[i].second)},
               {ara::format("{:.1f} %", 100 * regime.transitions[i].second)}});
  }
  return ara::format("{} on {}: {}, for {} sessions; such stays last {:.0f} on average\n\n{}",
                     paint(report->symbol.text(), "1", colour), domain::to_iso(report->as_of),
                     regime.current, regime.duration, regime.expected_duration,
                     table.render(colour));
}

Result<std::string> show_indicators(const MarketOptions& options, storage::Store& store) {
  const auto symbol = domain::Symbol::parse(options.symbol);
  if (!symbol) return std::unexpected(symbol.error());
  const auto found = serve::read_indicators(store, *symbol, Call{});
  if (!found) return std::unexpected(found.error());
  if (options.json) {
    Json json;
    yyjson_mut_val* root = json.object();
    json.put(root, "symbol", json.text(found->symbol.text()));
    json.put(root, "as_of", json.text(domain::to_iso(found->as_of)));
    yyjson_mut_val* list = json.array();
    for (const features::Reading& reading : found->readings) {
      yyjson_mut_val* item = json.object();
      json.put(item, "name", json.text(reading.feature->name));
      json.put(item, "value", json.real(reading.value));
      json.put(item, "signal", json.text(to_string(reading.signal)));
      json.put(item, "description", json.text(reading.description));
      json.append(list, item);
    }
    json.put(root, "indicators", list);
    return json.write(root) + "\n";
  }
  using enum Table::Align;
  Table table({{"Indicator"}, {"Group"}, {"Value", right}, {"Signal"}, {"Definition and rule"}});
  for (const features::Reading& reading : found->readings) {
    table.add({{std::string(reading.feature->name)},
               {std::string(to_string(reading.feature->group))},
               {std::isfinite(reading.value) ? ara::format("{:.5g}", reading.value) : "-"},
               {std::string(to_string(reading.signal))},
               {reading.description}});
  }
  return table.render(standard_output().colour);
}

std::string pairs_as_json(const portfolio::History& history) {
  Json json;
  yyjson_mut_val* list = json.array();
  for (const portfolio::Pair& pair : portfolio::pairs_of(history)) {
    yyjson_mut_val* item = json.object();
    json.put(item, "asset1", json.text(history.assets[pair.first]));
    json.put(item, "asset2", json.text(history.assets[pair.second]));
    json.put(item, "correlation", json.real(pair.correlation));
    json.put(item, "rolling_correlation", pair.rolling ? json.real(*pair.rolling) : json.null());
    json.put(item, "correlation_breakdown", json.boolean(pair.breakdown));
    json.append(list, item);
  }
  return json.write(list) + "\n";
}

Result<std::string> show_correlations(const MarketOptions& options, storage::Store& store) {
  std::vector<domain::Symbol> symbols;
  for (const std::string& asset : options.assets) {
    auto symbol = domain::Symbol::parse(asset);
    if (!symbol) return std::unexpected(std::move(symbol.error()));
    symbols.push_back(std::move(*symbol));
  }
  const auto period = domain::Period::parse(options.period);
  if (!period) return std::unexpected(period.error());
  const auto history = serve::read_history(store, symbols, *period, Call{});
  if (!history) return std::unexpected(history.error());
  if (options.json) return pairs_as_json(*history);
  using enum Table::Align;
  Table table({{"Asset"},
               {"Asset"},
               {"Correlation", right},
               {"Last 60 sessions", right},
               {"Changed at 1 %"}});
  for (const portfolio::Pair& pair : portfolio::pairs_of(*history)) {
    table.add({{history->assets[pair.first]},
               {history->assets[pair.second]},
               {ara::format("{:.3f}", pair.correlation)},
               {pair.rolling ? ara::format("{:.3f}", *pair.rolling) : "-"},
               {pair.breakdown ? "yes" : ""}});
  }
  return table.render(standard_output().colour);
}

using MarketAction = Result<std::string> (*)(const MarketOptions&, storage::Store&);

}  // namespace

std::function<int()> enrol_market(CLI::App& app, Context& context) {
  app.require_subcommand(1);
  const auto options = std::make_shared<MarketOptions>();
  std::vector<std::pair<CLI::App*, MarketAction>> actions;
  const auto of_symbol = [&](const char* name, const char* help, MarketAction action) {
    CLI::App* sub = app.add_subcommand(name, help);
    sub->add_option("SYMBOL", options->symbol, "A stored series, e.g. AAPL")->required();
    sub->add_flag("--json", options->json, "JSON");
    actions.emplace_back(sub, action);
  };
  of_symbol("regime", "The market regime of a symbol", show_regime);
  of_symbol("indicators", "The 44 indicators with their usual readings", show_indicators);
  CLI::App* sub = app.add_subcommand("correlations", "How symbols move together");
  sub->add_option("SYMBOLS", options->assets, "From 2")->required()->expected(2, 100);
  sub->add_option("-p,--period", options->period, "Up to the newest common session [1y]");
  sub->add_flag("--json", options->json, "JSON");
  actions.emplace_back(sub, show_correlations);
  return [options, actions, &context] {
    const auto store = context.open_store(context.config);
    if (!store) return report(store.error());
    for (const auto& [command, action] : actions) {
      if (!command->parsed()) continue;
      const auto text = action(*options, **store);
      return text ? emit_or_report(*text) : report(text.error());
    }
    return 0;
  };
}

}  // namespace ara::cli
