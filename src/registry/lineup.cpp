#include "registry/lineup.h"

#include <algorithm>

namespace ara::registry {
namespace {

/// What a version was judged with. Where something may have been learned the document says what,
/// which `read` reads for such champions alone.
template <class Read>
Result<Recipe> recipe_of(const storage::ModelVersionRow& row, const Shelf& shelf,
                         const Read& read) {
  const auto model = models::find_model(row.model);
  if (model && !(*model)->uses_trees) return Recipe{.row = *model, .artefact = {}, .trees = {}};
  const Result<Version> version = read();
  if (!version) return std::unexpected(version.error());
  return shelf.find(row.model, version->artefact);
}

template <class Read>
Result<Champion> champion_of(const storage::ModelVersionRow& row, const Shelf& shelf,
                             const Read& read) {
  const auto band = find_band(row.band);
  if (!band) return std::unexpected(band.error());
  auto recipe = recipe_of(row, shelf, read);
  if (!recipe) return std::unexpected(std::move(recipe.error()));
  return Champion{.id = row.id,
                  .suffix = row.id.substr(std::min(row.id.size(), row.model.size())),
                  .asset_type = row.asset_type,
                  .band = **band,
                  .row = recipe->row,
                  .trees = std::move(recipe->trees)};
}

}  // namespace

Result<Lineup> Lineup::read(storage::Store& store, const Shelf& shelf, const Call& call) {
  // Read before the rows: a change between the reads shows as a new version next time.
  const auto version = store.registry_version(call);
  if (!version) return std::unexpected(version.error());
  const auto champions = store.champions(call);
  if (!champions) return std::unexpected(champions.error());
  const auto markets = store.markets(call);
  if (!markets) return std::unexpected(markets.error());
  Lineup lineup;
  lineup.version_ = *version;
  for (const storage::ModelVersionRow& row : *champions) {
    auto champion = champion_of(row, shelf, [&] { return find_version(store, row.id, call); });
    if (champion) {
      lineup.champions_.push_back(std::move(*champion));
    } else if (champion.error().code == Code::deadline ||
               champion.error().code == Code::unavailable) {
      return std::unexpected(std::move(champion.error()));  // of the store, and soon over
    } else {
      lineup.absent_.push_back({row.id, std::move(champion.error())});
    }
  }
  for (const storage::MarketRow& row : *markets) {
    lineup.market_revisions_[static_cast<std::size_t>(row.asset_type)] = row.revision;
  }
  return lineup;
}

const Champion* Lineup::champion(domain::AssetType asset_type, int horizon) const {
  const auto found = std::ranges::find_if(champions_, [&](const Champion& champion) {
    return champion.asset_type == asset_type && champion.band.first <= horizon &&
           horizon <= champion.band.last;
  });
  return found == champions_.end() ? nullptr : &*found;
}

Result<Lineup> Lineup::with(const storage::ModelVersionRow& heir, const Shelf& shelf) const {
  auto champion = champion_of(heir, shelf, [&] { return from_row(heir); });
  if (!champion) return std::unexpected(std::move(champion.error()));
  Lineup next = *this;
  std::erase_if(next.champions_, [&](const Champion& one) {
    return one.asset_type == champion->asset_type && one.band.name == champion->band.name;
  });
  next.champions_.push_back(std::move(*champion));
  return next;
}

}  // namespace ara::registry
