#include "registry/lineup.h"

#include <algorithm>
#include <optional>

namespace ara::registry {
namespace {

/// Nothing for a band that only a newer program knows.
std::optional<Champion> champion_of(const storage::ModelVersionRow& row,
                                    const models::ModelRow& model) {
  const auto band = find_band(row.band);
  if (!band) return std::nullopt;
  std::string suffix = row.id.substr(std::min(row.id.size(), row.model.size()));
  return Champion{row.id, std::move(suffix), row.asset_type, **band, &model};
}

/// A user's model is named by its document too, which `read` reads for such champions alone.
template <class Read>
Result<const models::ModelRow*> row_of(const storage::ModelVersionRow& row, const Shelf& shelf,
                                       const Read& read) {
  auto model = models::find_model(row.model);
  if (model) return model;
  const Result<Version> version = read();
  if (!version) return std::unexpected(version.error());
  return shelf.find(row.model, version->artefact);
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
    const auto model = row_of(row, shelf, [&] { return find_version(store, row.id, call); });
    // Promoted by a newer program, or a user's model whose files are gone: the built-in one serves.
    if (!model) continue;
    if (auto champion = champion_of(row, **model)) {
      lineup.champions_.push_back(std::move(*champion));
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
  const auto model = row_of(heir, shelf, [&] { return from_row(heir); });
  auto champion = model ? champion_of(heir, **model) : std::nullopt;
  if (!champion) {
    return fail(Code::unsupported, "This program has no model '" + printable(heir.model) + "'");
  }
  Lineup next = *this;
  std::erase_if(next.champions_, [&](const Champion& one) {
    return one.asset_type == champion->asset_type && one.band.name == champion->band.name;
  });
  next.champions_.push_back(std::move(*champion));
  return next;
}

}  // namespace ara::registry
