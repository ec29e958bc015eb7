// ara train
#include "registry/train.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <set>

#include "base/format.h"
#include "cli/commands.h"
#include "cli/evaluate.h"
#include "cli/model_view.h"
#include "cli/output.h"
#include "cli/parallel.h"
#include "cli/progress.h"
#include "cli/promotion.h"
#include "registry/gate.h"

namespace ara::cli {
namespace {

using registry::Trained;

struct TrainingOptions {
  std::string asset_type;
  std::string horizon;
  std::string seed = "1";
  std::string symbols = "12";
  std::string origins = "250";
  std::string model = "all";
  bool json = false;
};

/// What to train, one part for each asset type and band.
Result<std::vector<registry::TrainOptions>> plan(const TrainingOptions& options,
                                                 const Context& context, storage::Store& store) {
  registry::TrainOptions one;
  one.shelf = open_shelf(context.config);
  const auto seed = parse_bounded("seed", options.seed, 0, 1'000'000'000);
  if (!seed) return std::unexpected(seed.error());
  const auto symbols = parse_bounded("symbols", options.symbols, 1, 10'000);
  if (!symbols) return std::unexpected(symbols.error());
  const auto origins =
      parse_bounded("origins", options.origins, static_cast<int>(registry::kLeastDates), 10'000);
  if (!origins) return std::unexpected(origins.error());
  auto models = parse_models(options.model, models::catalog().back().name, *one.shelf);
  if (!models) return std::unexpected(models.error());
  one.seed = static_cast<std::uint64_t>(*seed);
  one.symbols = static_cast<std::size_t>(*symbols);
  one.origins = static_cast<std::size_t>(*origins);
  one.models = std::move(*models);
  if (options.model == "all") {
    for (const models::ModelRow& row : models::catalog()) {
      if (row.needs_trees) one.models.push_back(&row);  // they are trained
    }
  }

  std::vector<registry::Band> bands(registry::bands().begin(), registry::bands().end());
  if (!options.horizon.empty()) {
    const auto horizon =
        parse_bounded("horizon", options.horizon, 1, domain::ForecastKey::kMaxHorizon);
    if (!horizon) return std::unexpected(horizon.error());
    bands = {registry::band_of(*horizon)};
  }
  std::set<domain::AssetType> types;
  if (options.asset_type.empty()) {
    const auto rows = store.symbols(Call{});
    if (!rows) return std::unexpected(rows.error());
    for (const storage::SymbolRow& row : *rows) types.insert(row.asset_type);
  } else {
    const auto type = domain::parse_asset_type(options.asset_type);
    if (!type) return std::unexpected(type.error());
    types.insert(*type);
  }
  std::vector<registry::TrainOptions> parts;
  for (const domain::AssetType type : types) {
    for (const registry::Band& band : bands) {
      one.asset_type = type;
      one.band = band;
      one.command = ara::format(
          "ara train --asset-type {} --horizon {} --seed {} --symbols {} --origins {} --model {}",
          domain::describe(type).name, band.last, one.seed, one.symbols, one.origins,
          options.model);
      parts.push_back(one);
    }
  }
  return parts;
}

/// One part, on as many threads as there are processors, with a bar on a terminal.
Result<Trained> run(registry::TrainOptions options, storage::Store& store) {
  std::unique_ptr<Progress> bar;
  std::once_flag made;
  options.for_each = [](std::size_t count, const std::function<void(std::size_t)>& work) {
    for_each_index(count, std::max(1U, std::thread::hardware_concurrency()), work);
  };
  options.before_promotion = [&](const registry::Version& heir) {
    return prepare(store, *options.shelf, heir);
  };
  options.progress = [&](std::size_t, std::size_t of) {
    std::call_once(made, [&] {
      bar = std::make_unique<Progress>(
          of, ara::format("walks, {} {}", domain::describe(options.asset_type).name,
                          options.band.name));
    });
    bar->advance();
  };
  return registry::train(store, options, system_clock());
}

std::string sentence(const registry::TrainOptions& part, const Trained& trained) {
  const std::string_view type = domain::describe(part.asset_type).name;
  std::string out = ara::format("{}, {} sessions: judged on {} symbol{}. ", type, part.band.name,
                                trained.symbols.size(), trained.symbols.size() == 1 ? "" : "s");
  if (trained.champion.empty()) return out + "No model passed: the built-in one serves.\n";
  return out + ara::format("{} {}.\n", trained.champion,
                           trained.promoted ? "is the new champion" : "stays the champion");
}

std::string as_text(const std::vector<registry::TrainOptions>& parts,
                    const std::vector<Trained>& all, bool colour) {
  std::string out;
  for (std::size_t i = 0; i < all.size(); ++i) {
    out += (i == 0 ? "" : "\n") + sentence(parts[i], all[i]);
    for (const std::string& note : all[i].notes) out += note + ".\n";
    out += "\n" + version_table(all[i].versions, colour);
    for (const registry::Version& version : all[i].versions) {
      if (version.status != storage::ModelStatus::refused) continue;
      out += ara::format("{}: refused, {}.\n", version.id(), version.reason);
    }
  }
  return out;
}

std::string as_json(const std::vector<registry::TrainOptions>& parts,
                    const std::vector<Trained>& all) {
  Json json;
  yyjson_mut_val* root = json.object();
  yyjson_mut_val* trainings = json.array();
  for (std::size_t i = 0; i < all.size(); ++i) {
    yyjson_mut_val* item = json.object();
    json.put(item, "asset_type", json.text(domain::describe(parts[i].asset_type).name));
    json.put(item, "band", json.text(parts[i].band.name));
    json.put(item, "market_revision", json.number(all[i].market_revision));
    yyjson_mut_val* symbols = json.array();
    for (const std::string& symbol : all[i].symbols) json.append(symbols, json.text(symbol));
    json.put(item, "symbols", symbols);
    yyjson_mut_val* notes = json.array();
    for (const std::string& note : all[i].notes) json.append(notes, json.text(note));
    json.put(item, "notes", notes);
    json.put(item, "champion", all[i].champion.empty() ? json.null() : json.text(all[i].champion));
    json.put(item, "promoted", json.boolean(all[i].promoted));
    yyjson_mut_val* models = json.array();
    for (const auto& version : all[i].versions) json.append(models, to_json(json, version));
    json.put(item, "models", models);
    json.append(trainings, item);
  }
  json.put(root, "trainings", trainings);
  return json.write(root) + "\n";
}

Result<std::string> train(const TrainingOptions& options, Context& context) {
  const auto store = context.open_store(context.config);
  if (!store) return std::unexpected(store.error());
  auto parts = plan(options, context, **store);
  if (!parts) return std::unexpected(std::move(parts.error()));
  std::vector<registry::TrainOptions> done;
  std::vector<Trained> all;
  std::string skipped;
  for (const registry::TrainOptions& part : *parts) {
    auto trained = run(part, **store);
    if (trained) {
      done.push_back(part);
      all.push_back(std::move(*trained));
      continue;
    }
    // A type without enough bars is an error where it was asked for, else it is passed over.
    const bool asked = !options.asset_type.empty();
    if (asked || trained.error().code != Code::not_found) return std::unexpected(trained.error());
    skipped = trained.error().message;
  }
  if (all.empty()) {
    return fail(Code::not_found, skipped.empty() ? "There are no symbols to train on" : skipped);
  }
  return options.json ? as_json(done, all) : as_text(done, all, standard_output().colour);
}

}  // namespace

std::function<int()> enrol_train(CLI::App& app, Context& context) {
  const auto options = std::make_shared<TrainingOptions>();
  app.add_option("--asset-type", options->asset_type, "One asset type; else all in the store");
  app.add_option("--horizon", options->horizon,
                 "The sessions ahead whose band is trained; else all bands")
      ->type_name("N");
  app.add_option("--seed", options->seed, "Chooses the symbols that are judged on [1]")
      ->type_name("N");
  app.add_option("--symbols", options->symbols, "Symbols that are judged on, at most [12]")
      ->type_name("N");
  app.add_option("--origins", options->origins, "Days of each that are forecast from [250]")
      ->type_name("N");
  app.add_option("-m,--model", options->model,
                 "A candidate, several with commas between them, or all [all]")
      ->type_name("NAME");
  app.add_flag("--json", options->json, "One JSON object on standard output");
  return [options, &context] { return emit_or_report(train(*options, context)); };
}

}  // namespace ara::cli
