// The kind "train": {"symbol": "AAPL"} or {"asset_type": "stock"}, with "models": [...],
// "horizon": 5 (else every band), "symbols": 12, "origins": 250, "seed": 1.
#include "registry/train.h"

#include <algorithm>

#include "base/format.h"
#include "jobs/kinds.h"
#include "jobs/payload.h"
#include "models/model.h"
#include "registry/gate.h"
#include "registry/lineup.h"
#include "serve/carry_over.h"

namespace ara::jobs {
namespace {

constexpr std::chrono::seconds kCarryOver{30};
/// The candidates where none are named: the ones that serve well and are quick to judge.
constexpr std::array<std::string_view, 4> kModels{"har", "garch_fhs", "gjr_fhs", "combination"};

struct Plan {
  std::optional<domain::Symbol> symbol;  ///< whose asset type is meant
  std::optional<domain::AssetType> asset_type;
  std::vector<std::string> models;
  std::optional<int> horizon;
  std::int64_t symbols = 0, origins = 0, seed = 0;
};

Result<Plan> read_train(std::string_view payload) {
  auto in = Payload::parse(payload);
  if (!in) return std::unexpected(std::move(in.error()));
  Plan plan;
  if (in->has("symbol")) {
    auto symbol = domain::Symbol::parse(in->text("symbol"));
    if (!symbol) return std::unexpected(std::move(symbol.error()));
    plan.symbol = std::move(*symbol);
  }
  if (in->has("asset_type")) {
    plan.asset_type =
        in->take(domain::parse_asset_type(in->text("asset_type")), domain::AssetType::stock);
  }
  if (plan.symbol.has_value() == plan.asset_type.has_value()) {
    in->note(invalid("symbol", plan.symbol ? plan.symbol->text() : "",
                     "either a symbol or an asset_type")
                 .error());
  }
  plan.models = in->texts("models");
  if (plan.models.empty()) plan.models.assign(kModels.begin(), kModels.end());
  if (in->has("horizon")) {
    plan.horizon = static_cast<int>(in->integer("horizon", 1, 1, domain::ForecastKey::kMaxHorizon));
  }
  plan.symbols = in->integer("symbols", 12, 1, 1000);
  plan.origins = in->integer("origins", 250, static_cast<int>(registry::kLeastDates), 2520);
  plan.seed = in->integer("seed", 1, 0, 1'000'000'000);
  return in->check().transform([&] { return std::move(plan); });
}

Result<std::vector<const models::ModelRow*>> rows_of(const std::vector<std::string>& names,
                                                     const registry::Shelf& shelf) {
  std::vector<const models::ModelRow*> rows;
  for (const std::string& name : names) {
    // The path of a manifest, which the shelf would open, is for the command line alone.
    const auto row =
        name.contains('/') || name.ends_with(".toml") ? models::find_model(name) : shelf.find(name);
    if (!row) return std::unexpected(row.error());
    rows.push_back(*row);
  }
  return rows;
}

std::string version_json(const registry::Version& version) {
  return ara::format(R"({{"id":{},"model":{},"status":"{}","reason":{}}})", json_text(version.id()),
                     json_text(version.model), storage::to_string(version.status),
                     version.reason.empty() ? "null" : json_text(version.reason));
}

std::string trained_json(const registry::Band& band, const registry::Trained& trained) {
  std::vector<std::string> versions;
  for (const registry::Version& version : trained.versions) {
    versions.push_back(version_json(version));
  }
  return ara::format(
      R"({{"band":"{}","market_revision":{},"symbols":{},"champion":{},"promoted":{},"models":{}}})",
      band.name, trained.market_revision, json_texts(trained.symbols),
      trained.champion.empty() ? "null" : json_text(trained.champion), trained.promoted,
      json_array(versions));
}

/// So that servers need not make all forecasts at once when the new champion serves.
Result<void> carry_over(Context& context, const registry::Version& heir) {
  const auto now = registry::Lineup::read(context.store, *context.shelf, Call{});
  if (!now) return std::unexpected(now.error());
  const auto next = now->with(registry::to_row(heir), *context.shelf);
  if (!next) return std::unexpected(next.error());
  const auto made =
      serve::carry_over(context.store, *now, *next, Deadline::after(kCarryOver), context.clock);
  if (!made) return std::unexpected(made.error());
  return {};
}

Result<domain::AssetType> asset_type_of(const Plan& plan, storage::Store& store) {
  if (plan.asset_type) return *plan.asset_type;
  const auto head = store.find_symbol(*plan.symbol, Call{});
  if (!head) return std::unexpected(head.error());
  if (!*head) return fail(Code::not_found, "There are no bars of " + plan.symbol->text());
  return (*head)->asset_type;
}

/// One band's training, its writes left to the end of the job.
Result<registry::Trained> train_band(registry::TrainOptions options, Context& context,
                                     std::size_t number, std::size_t of) {
  options.command =
      ara::format("train job: asset type {}, horizon {}, seed {}, symbols {}, origins {}",
                  domain::describe(options.asset_type).name, options.band.last, options.seed,
                  options.symbols, options.origins);
  options.stopped = context.cancelled;
  options.before_promotion = [&](const registry::Version& heir) {
    return carry_over(context, heir);
  };
  options.progress = [&, band = options.band.name](std::size_t done, std::size_t all) {
    const double part = static_cast<double>(done) / static_cast<double>(all);
    context.progress((static_cast<double>(number) + part) / static_cast<double>(of),
                     ara::format("{} sessions: {} of {} walks", band, done, all));
  };
  options.settle = [&](std::vector<storage::ModelVersionRow> versions,
                       std::string promoted) -> Result<void> {
    std::ranges::move(versions, std::back_inserter(context.effects.models));
    if (!promoted.empty()) context.effects.promoted.push_back(std::move(promoted));
    return {};
  };
  return registry::train(context.store, options, context.clock);
}

}  // namespace

Result<Prepared> prepare_train(std::string_view payload, const registry::Shelf& shelf) {
  const auto plan = read_train(payload);
  if (!plan) return std::unexpected(plan.error());
  if (const auto rows = rows_of(plan->models, shelf); !rows) return std::unexpected(rows.error());
  const std::string subject =
      plan->symbol ? ara::format(R"("symbol":{})", json_text(plan->symbol->text()))
                   : ara::format(R"("asset_type":"{}")", domain::describe(*plan->asset_type).name);
  const std::string horizon =
      plan->horizon ? ara::format(R"("horizon":{},)", *plan->horizon) : std::string();
  return Prepared{
      ara::format(R"({{{},"models":{},{}"symbols":{},"origins":{},"seed":{}}})", subject,
                  json_texts(plan->models), horizon, plan->symbols, plan->origins, plan->seed),
      {}};
}

Result<std::string> run_train(std::string_view payload, Context& context) {
  const auto plan = read_train(payload);
  if (!plan) return std::unexpected(plan.error());
  const auto rows = rows_of(plan->models, *context.shelf);
  if (!rows) return std::unexpected(rows.error());
  const auto asset_type = asset_type_of(*plan, context.store);
  if (!asset_type) return std::unexpected(asset_type.error());
  std::vector<registry::Band> bands(registry::bands().begin(), registry::bands().end());
  if (plan->horizon) bands = {registry::band_of(*plan->horizon)};

  std::vector<std::string> trainings;
  for (const registry::Band& band : bands) {
    const registry::TrainOptions options{.asset_type = *asset_type,
                                         .band = band,
                                         .seed = static_cast<std::uint64_t>(plan->seed),
                                         .symbols = static_cast<std::size_t>(plan->symbols),
                                         .origins = static_cast<std::size_t>(plan->origins),
                                         .models = *rows,
                                         .command = {},
                                         .before_promotion = {},
                                         .shelf = context.shelf,
                                         .for_each = {},
                                         .progress = {},
                                         .stopped = {},
                                         .settle = {}};
    const auto trained = train_band(options, context, trainings.size(), bands.size());
    if (!trained) return std::unexpected(trained.error());
    trainings.push_back(trained_json(band, *trained));
  }
  return ara::format(R"({{"asset_type":"{}","trainings":{}}})", domain::describe(*asset_type).name,
                     json_array(trainings));
}

}  // namespace ara::jobs
