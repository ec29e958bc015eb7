// ara portfolio
#include <memory>

#include "base/format.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/table.h"
#include "portfolio/wishes.h"
#include "serve/history.h"

namespace ara::cli {
namespace {

using portfolio::History;
using portfolio::Vector;
using Pairs = std::vector<std::pair<std::string, double>>;

/// As given; NAME=NUMBER in lists.
struct PortfolioOptions {
  std::vector<std::string> assets;
  std::string method = "mpt", tolerance = "moderate", period = "2y";
  std::string least = "0", most = "1", concentration;
  std::vector<std::string> sectors, sector_limits, class_limits, views, market;
  std::vector<std::string> current, target, prices;
  std::string value;
  bool json = false;
};

Result<double> number_of(std::string_view field, std::string_view text) {
  const auto number = parse_double(text);
  if (!number) return invalid(field, text, "a number");
  return *number;
}

Result<std::pair<std::string, std::string>> split(std::string_view field, std::string_view text) {
  const std::size_t equals = text.find_last_of('=');
  if (equals == std::string_view::npos || equals == 0 || equals + 1 == text.size()) {
    return invalid(field, text, "NAME=VALUE");
  }
  return std::pair{std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

Result<Pairs> numbers_of(std::string_view field, const std::vector<std::string>& words) {
  Pairs pairs;
  for (const std::string& word : words) {
    const auto parts = split(field, word);
    if (!parts) return std::unexpected(parts.error());
    const auto number = number_of(field, parts->second);
    if (!number) return std::unexpected(number.error());
    pairs.emplace_back(parts->first, *number);
  }
  return pairs;
}

Result<History> history_of(const std::vector<std::string>& assets, const PortfolioOptions& options,
                           storage::Store& store) {
  std::vector<domain::Symbol> symbols;
  for (const std::string& asset : assets) {
    auto symbol = domain::Symbol::parse(asset);
    if (!symbol) return std::unexpected(std::move(symbol.error()));
    symbols.push_back(std::move(*symbol));
  }
  const auto period = domain::Period::parse(options.period);
  if (!period) return std::unexpected(period.error());
  return serve::read_history(store, symbols, *period, Call{});
}

/// The lists of an order.
Result<void> read_lists(const PortfolioOptions& options, portfolio::Wishes& wishes) {
  for (const std::string& word : options.sectors) {
    auto parts = split("sector", word);
    if (!parts) return std::unexpected(std::move(parts.error()));
    wishes.sectors.push_back(std::move(*parts));
  }
  struct List {
    std::string_view name;
    const std::vector<std::string>& words;
    Pairs& into;
  };
  for (const List& list : {List{"sector-limit", options.sector_limits, wishes.sector_limits},
                           List{"class-limit", options.class_limits, wishes.asset_class_limits},
                           List{"expected-return", options.views, wishes.expected_returns},
                           List{"market-weight", options.market, wishes.market_weights}}) {
    auto numbers = numbers_of(list.name, list.words);
    if (!numbers) return std::unexpected(std::move(numbers.error()));
    list.into = std::move(*numbers);
  }
  return {};
}

Result<portfolio::Wishes> wishes_of(const PortfolioOptions& options) {
  portfolio::Wishes wishes{.method = options.method,
                           .tolerance = options.tolerance,
                           .constraints = {},
                           .sectors = {},
                           .sector_limits = {},
                           .asset_class_limits = {},
                           .expected_returns = {},
                           .market_weights = {}};
  const auto least = number_of("min-weight", options.least);
  if (!least) return std::unexpected(least.error());
  const auto most = number_of("max-weight", options.most);
  if (!most) return std::unexpected(most.error());
  wishes.constraints.min_weight = *least;
  wishes.constraints.max_weight = *most;
  if (!options.concentration.empty()) {
    const auto largest = number_of("max-concentration", options.concentration);
    if (!largest) return std::unexpected(largest.error());
    wishes.constraints.max_concentration = *largest;
  }
  if (auto read = read_lists(options, wishes); !read) {
    return std::unexpected(std::move(read.error()));
  }
  return wishes;
}

/// Numbers by name: of a portfolio, and of each of its assets.
struct View {
  std::vector<std::pair<std::string, std::optional<double>>> figures;
  std::vector<std::pair<std::string, Vector>> by_asset;
};

std::string show(const View& view, const History& history, bool as_json) {
  if (as_json) {
    Json json;
    yyjson_mut_val* root = json.object();
    for (const auto& [name, values] : view.by_asset) {
      yyjson_mut_val* map = json.object();
      for (std::size_t i = 0; i < history.assets.size(); ++i) {
        json.put(map, history.assets[i], json.real(values(static_cast<Eigen::Index>(i))));
      }
      json.put(root, name, map);
    }
    for (const auto& [name, value] : view.figures) {
      json.put(root, name, value ? json.real(*value) : json.null());
    }
    return json.write(root) + "\n";
  }
  using enum Table::Align;
  const bool colour = standard_output().colour;
  std::vector<Table::Column> columns{{"Asset"}};
  for (const auto& [name, values] : view.by_asset) columns.push_back({name, right});
  Table assets(std::move(columns));
  for (std::size_t i = 0; i < history.assets.size(); ++i) {
    std::vector<Table::Cell> row{{history.assets[i]}};
    for (const auto& [name, values] : view.by_asset) {
      row.push_back({ara::format("{:.2f} %", 100 * values(static_cast<Eigen::Index>(i)))});
    }
    assets.add(std::move(row));
  }
  Table figures({{"Of the whole"}, {"", right}});
  for (const auto& [name, value] : view.figures) {
    figures.add({{name}, {value ? ara::format("{:.4f}", *value) : "-"}});
  }
  return assets.render(colour) + "\n" + figures.render(colour) +
         ara::format("\n{} sessions, {} to {}\n", history.dates.size(),
                     domain::to_iso(history.dates.front()), domain::to_iso(history.dates.back()));
}

Result<std::string> optimize(const PortfolioOptions& options, storage::Store& store) {
  const auto wishes = wishes_of(options);
  if (!wishes) return std::unexpected(wishes.error());
  const auto history = history_of(options.assets, options, store);
  if (!history) return std::unexpected(history.error());
  const auto order = portfolio::order_of(*wishes, *history);
  if (!order) return std::unexpected(order.error());
  const auto found = portfolio::optimise(*history, *order);
  if (!found) return std::unexpected(found.error());
  return show({.figures = {{"expected_return", found->expected_return},
                           {"expected_volatility", found->volatility},
                           {"sharpe_ratio", found->sharpe},
                           {"var_95", found->tail.var_95},
                           {"cvar_95", found->tail.cvar_95}},
               .by_asset = {{"optimal_weights", found->weights}}},
              *history, options.json);
}

Result<std::string> analyze(const PortfolioOptions& options, storage::Store& store) {
  const auto given = numbers_of("weights", options.assets).and_then([](const Pairs& pairs) {
    return portfolio::by_symbol("weights", pairs, -2, 2);
  });
  if (!given) return std::unexpected(given.error());
  std::vector<std::string> assets;
  for (const auto& [symbol, weight] : *given) assets.push_back(symbol);
  const auto history = history_of(assets, options, store);
  if (!history) return std::unexpected(history.error());
  const auto weights = portfolio::weights_of("weights", *given, *history, true);
  if (!weights) return std::unexpected(weights.error());
  const auto found = portfolio::analyse(*history, *weights);
  return show({.figures = {{"expected_return", found.performance.expected_return},
                           {"volatility", found.performance.volatility},
                           {"sharpe_ratio", found.performance.sharpe},
                           {"sortino_ratio", found.performance.sortino},
                           {"max_drawdown", found.performance.max_drawdown},
                           {"var_95", found.tail.var_95},
                           {"cvar_95", found.tail.cvar_95}},
               .by_asset = {{"weights", *weights}, {"risk_contribution", found.risk_contribution}}},
              *history, options.json);
}

std::string trades_as_json(const portfolio::Rebalancing& plan) {
  Json json;
  yyjson_mut_val* root = json.object();
  yyjson_mut_val* trades = json.array();
  for (const portfolio::Trade& trade : plan.trades) {
    yyjson_mut_val* item = json.object();
    json.put(item, "symbol", json.text(trade.symbol));
    json.put(item, "action", json.text(trade.buy ? "BUY" : "SELL"));
    json.put(item, "quantity", json.real(trade.quantity));
    json.put(item, "current_price", json.real(trade.price));
    json.put(item, "value", json.real(trade.value));
    json.append(trades, item);
  }
  json.put(root, "trades", trades);
  json.put(root, "total_transaction_cost", json.real(plan.transaction_cost));
  json.put(root, "estimated_slippage", json.real(plan.slippage));
  return json.write(root) + "\n";
}

/// Needs no store.
Result<std::string> rebalance(const PortfolioOptions& options) {
  const auto current = numbers_of("current", options.current);
  if (!current) return std::unexpected(current.error());
  const auto target = numbers_of("target", options.target);
  if (!target) return std::unexpected(target.error());
  const auto prices = numbers_of("price", options.prices);
  if (!prices) return std::unexpected(prices.error());
  const auto value = number_of("value", options.value);
  if (!value) return std::unexpected(value.error());
  if (*value <= 0) return invalid("value", options.value, "a number above 0");
  const auto holdings = portfolio::holdings_of(*current, *target, *prices);
  if (!holdings) return std::unexpected(holdings.error());
  const auto plan = portfolio::rebalance(*holdings, *value);
  if (options.json) return trades_as_json(plan);
  using enum Table::Align;
  Table table({{"Symbol"}, {"Action"}, {"Quantity", right}, {"Price", right}, {"Value", right}});
  for (const portfolio::Trade& trade : plan.trades) {
    table.add({{trade.symbol},
               {trade.buy ? "BUY" : "SELL"},
               {ara::format("{:.4f}", trade.quantity)},
               {ara::format("{:.2f}", trade.price)},
               {ara::format("{:.2f}", trade.value)}});
  }
  return table.render(standard_output().colour) +
         ara::format("\nCosts {:.2f}, slippage {:.2f}\n", plan.transaction_cost, plan.slippage);
}

CLI::App* add_optimize(CLI::App& app, PortfolioOptions& options) {
  CLI::App* sub = app.add_subcommand("optimize", "Weights by one of several methods");
  sub->add_option("SYMBOLS", options.assets, "From 2")->required()->expected(2, 50);
  sub->add_option("-m,--method", options.method, "How weights are chosen [mpt]")
      ->type_name("mpt|black_litterman|risk_parity|kelly");
  sub->add_option("-t,--risk-tolerance", options.tolerance, "[moderate]")
      ->type_name("conservative|moderate|aggressive");
  sub->add_option("--min-weight", options.least, "Of each; below 0: short positions [0]");
  sub->add_option("--max-weight", options.most, "Of each [1]");
  sub->add_option("--max-concentration", options.concentration, "Largest weight in size");
  sub->add_option("--sector", options.sectors, "Which is in which sector")
      ->type_name("SYMBOL=SECTOR");
  sub->add_option("--sector-limit", options.sector_limits, "Most of a sector")
      ->type_name("SECTOR=WEIGHT");
  sub->add_option("--class-limit", options.class_limits, "Most of an asset type")
      ->type_name("TYPE=WEIGHT");
  sub->add_option("--expected-return", options.views, "A year's, 0.1 is 10 %")
      ->type_name("SYMBOL=RETURN");
  sub->add_option("--market-weight", options.market, "Of Black-Litterman's market [equal]")
      ->type_name("SYMBOL=WEIGHT");
  return sub;
}

}  // namespace

std::function<int()> enrol_portfolio(CLI::App& app, Context& context) {
  app.require_subcommand(1);
  const auto options = std::make_shared<PortfolioOptions>();
  CLI::App* optimizing = add_optimize(app, *options);
  CLI::App* analyzing = app.add_subcommand("analyze", "What a portfolio earned and risked");
  analyzing->add_option("WEIGHTS", options->assets, "Of each symbol; they sum to 1")
      ->required()
      ->expected(2, 50)
      ->type_name("SYMBOL=WEIGHT");
  for (CLI::App* sub : {optimizing, analyzing}) {
    sub->add_option("-p,--period", options->period, "Up to the newest common session [2y]");
  }
  CLI::App* rebalancing = app.add_subcommand("rebalance", "Trades from one portfolio to another");
  rebalancing->add_option("--current", options->current, "What is left of 1 is cash")
      ->type_name("SYMBOL=WEIGHT");
  rebalancing->add_option("--target", options->target, "Likewise")
      ->required()
      ->type_name("SYMBOL=WEIGHT");
  rebalancing->add_option("--price", options->prices, "Of each symbol in either")
      ->required()
      ->type_name("SYMBOL=PRICE");
  rebalancing->add_option("--value", options->value, "Of all, cash included")->required();
  for (CLI::App* sub : {optimizing, analyzing, rebalancing}) {
    sub->add_flag("--json", options->json, "JSON");
  }
  return [options, analyzing, rebalancing, &context] {
    const auto shown = [](const Result<std::string>& text) {
      return text ? emit_or_report(*text) : report(text.error());
    };
    if (rebalancing->parsed()) return shown(rebalance(*options));
    const auto store = context.open_store(context.config);
    if (!store) return report(store.error());
    return shown(analyzing->parsed() ? analyze(*options, **store) : optimize(*options, **store));
  };
}

}  // namespace ara::cli
