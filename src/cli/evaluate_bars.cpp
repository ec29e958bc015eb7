// ara evaluate bars
#include "cli/evaluate_bars.h"

#include <algorithm>
#include <memory>
#include <set>

#include "base/clock.h"
#include "base/cpu_time.h"
#include "base/format.h"
#include "cli/command.h"
#include "cli/evaluate.h"
#include "cli/evaluate_plot.h"
#include "cli/output.h"
#include "cli/parallel.h"
#include "cli/progress.h"
#include "cli/yearly_trees.h"
#include "ingest/parse.h"
#include "ingest/source.h"
#include "models/market.h"
#include "registry/version.h"

namespace ara::cli {
namespace {

using evaluation::SymbolScores;

constexpr int kMostOrigins = 1'000'000;

struct BarsOptions : EvaluateOptions {
  std::vector<std::string> paths;
  std::string horizon = std::to_string(domain::ForecastKey::kDefaultHorizon);
  std::string last = "250";
  bool global = false;
};

struct Universe {
  std::vector<evaluation::Symbol> symbols;  ///< by name
  std::vector<std::string> skipped;         ///< with fewer bars than an evaluation needs
};

Result<std::vector<ingest::ParsedSeries>> load(const std::string& path) {
  const auto text = ingest::read_text(path);
  if (!text) return std::unexpected(text.error());
  ingest::Options options;
  options.name = path;
  options.today = std::chrono::floor<std::chrono::days>(system_clock().now());
  auto parsed = ingest::parse_csv(*text, options);
  if (!parsed) return std::unexpected(parsed.error());
  if (!parsed->accepted()) {
    return fail(Code::invalid, ara::format("{} is refused by the checks, {}; `ara import "
                                           "--dry-run` tells more",
                                           printable(path, 200), parsed->refusal));
  }
  return std::move(parsed->series);
}

/// Tells each symbol what its market did: the factor of the symbols given that have its asset type.
void add_market(std::vector<evaluation::Symbol>& symbols) {
  for (const domain::AssetRow& asset : domain::asset_types()) {
    std::vector<std::span<const domain::Bar>> bars;
    for (const auto& symbol : symbols) {
      if (symbol.asset_type == asset.type) bars.emplace_back(symbol.bars);
    }
    if (bars.empty()) continue;
    const auto factor = models::market_factor(bars);
    for (auto& symbol : symbols) {
      if (symbol.asset_type == asset.type) symbol.market = models::market_at(factor, symbol.bars);
    }
  }
}

Result<Universe> load_all(const std::vector<std::string>& paths, int horizon) {
  const auto files = ingest::find_files(paths);
  if (!files) return std::unexpected(files.error());
  Universe universe;
  std::set<std::string> names;
  for (const std::string& file : *files) {
    auto loaded = load(file);
    if (!loaded) return std::unexpected(loaded.error());
    for (ingest::ParsedSeries& series : *loaded) {
      const std::string& name = series.symbol.text();
      if (!names.insert(name).second) {
        return invalid("path", file, "files with different symbols; " + name + " is there twice");
      }
      if (series.bars.size() < evaluation::kFirstOrigin + static_cast<std::size_t>(horizon)) {
        universe.skipped.push_back(name);
      } else {
        universe.symbols.push_back({name, series.asset_type, std::move(series.bars), {}});
      }
    }
  }
  if (universe.symbols.empty()) {
    return invalid("path", paths.front(),
                   ara::format("a symbol with at least {} bars",
                               evaluation::kFirstOrigin + static_cast<std::size_t>(horizon)));
  }
  std::ranges::sort(universe.symbols, {}, &evaluation::Symbol::name);
  add_market(universe.symbols);
  return universe;
}

/// The scores of one symbol, or for each model the error that kept it from being scored.
struct Scored {
  SymbolScores scores;
  std::vector<std::optional<Error>> errors;  ///< by model
  std::optional<Error> fatal;                ///< of a peer
};

/// Where there are `trees`, models that use some take those of the symbol's asset type.
Scored score(const evaluation::Symbol& symbol, const evaluation::RollOptions& options,
             const std::vector<const models::ModelRow*>& rows, YearlyTrees* trees) {
  Scored scored{.scores = {.name = symbol.name}};
  const auto roll = evaluation::Roll::make(symbol, options);
  if (!roll) {
    scored.fatal = roll.error();
    return scored;
  }
  for (std::size_t i = 0; i < roll->origins(); ++i) scored.scores.dates.push_back(roll->date(i));
  for (std::size_t p = 0; p < evaluation::kPeerNames.size(); ++p) {
    auto peer = roll->peer(static_cast<evaluation::Peer>(p));
    if (!peer) {
      scored.fatal = peer.error();
      return scored;
    }
    scored.scores.peers[p] = std::move(*peer);
  }
  evaluation::SettingAt with_trees;
  if (trees != nullptr) {
    with_trees = [&](models::Setting setting, domain::Time until) {
      setting.trees = trees->at(symbol.asset_type, until);
      return setting;
    };
  }
  for (const models::ModelRow* row : rows) {
    auto model = roll->model(*row, with_trees);
    scored.errors.push_back(model ? std::nullopt : std::optional(model.error()));
    scored.scores.models.push_back(model ? std::move(*model) : evaluation::MethodScores{});
  }
  return scored;
}

Error about(const std::string& symbol, Error error) {
  error.message = symbol + ": " + error.message;
  return error;
}

Result<BarsReport> summarise(std::vector<Scored> scored,
                             const std::vector<const models::ModelRow*>& rows, int horizon) {
  BarsReport report{.symbols = scored.size(), .horizon = horizon};
  std::vector<std::optional<Error>> errors(rows.size());
  std::vector<SymbolScores> scores;
  for (Scored& one : scored) {
    if (one.fatal) return std::unexpected(about(one.scores.name, *one.fatal));
    for (std::size_t m = 0; m < rows.size(); ++m) {
      if (one.errors[m] && !errors[m]) errors[m] = about(one.scores.name, *one.errors[m]);
    }
    scores.push_back(std::move(one.scores));
  }
  if (errors.front()) return std::unexpected(*errors.front());
  for (std::size_t m = 0; m < rows.size(); ++m) {
    BarsReport::Model model{.name = std::string(rows[m]->name)};
    model.error = errors[m];
    if (!model.error) model.summary = evaluation::summarise(scores, m, horizon);
    report.models.push_back(std::move(model));
  }
  return report;
}

Result<BarsReport> evaluate(const BarsOptions& options) {
  const SteadyTime start = system_clock().steady();
  const registry::Shelf shelf;  // holds users' models, given by their manifests
  const auto rows = parse_models(options.model, models::catalog().back().name, shelf);
  if (!rows) return std::unexpected(rows.error());
  const auto horizon =
      parse_bounded("horizon", options.horizon, 1, domain::ForecastKey::kMaxHorizon);
  if (!horizon) return std::unexpected(horizon.error());
  const auto last = parse_bounded("last", options.last, 1, kMostOrigins);
  if (!last) return std::unexpected(last.error());
  const auto threads = parse_threads(options);
  if (!threads) return std::unexpected(threads.error());
  auto universe = load_all(options.paths, *horizon);
  if (!universe) return std::unexpected(universe.error());

  const evaluation::RollOptions roll{
      .horizon = *horizon, .last = static_cast<std::size_t>(*last), .history = registry::kHistory};
  std::optional<YearlyTrees> trees;
  if (options.global || std::ranges::any_of(*rows, &models::ModelRow::needs_trees)) {
    if (const auto can = training::available(); !can) return std::unexpected(can.error());
    trees.emplace(universe->symbols);
  }
  std::vector<Scored> scored(universe->symbols.size());
  {
    Progress progress(scored.size(), "symbols");
    for_each_index(scored.size(), *threads, [&](std::size_t i) {
      scored[i] = score(universe->symbols[i], roll, *rows, trees ? &*trees : nullptr);
      progress.advance();
    });
  }
  auto report = summarise(std::move(scored), *rows, *horizon);
  if (!report) return report;
  report->skipped = std::move(universe->skipped);
  report->seconds = std::chrono::duration<double>(system_clock().steady() - start).count();
  report->cpu_seconds = cpu_seconds();
  return report;
}

}  // namespace

std::function<int()> enrol_evaluate_bars(CLI::App& app) {
  const auto options = std::make_shared<BarsOptions>();
  app.add_option("PATH", options->paths, "CSV files of daily bars, also gzipped, or folders")
      ->required()
      ->type_name("");
  app.add_option("--horizon", options->horizon,
                 ara::format("Sessions ahead; all of 1 to this are scored [{}]", options->horizon))
      ->type_name("H");
  app.add_option("--last", options->last,
                 ara::format("Origins of each symbol, the newest [{}]", options->last))
      ->type_name("N");
  app.add_flag("--global", options->global,
               "Train the global model at the start of each year and let the combination use it");
  add_evaluate_options(app, *options, models::catalog().back().name);
  return [options] { return put_out(*options, evaluate(*options)); };
}

}  // namespace ara::cli
