#include "registry/lineup.h"

#include <algorithm>

namespace ara::registry {

Result<Lineup> Lineup::read(storage::Store& store, const Call& call) {
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
    const auto model = models::find_model(row.model);
    const auto band = find_band(row.band);
    // Promoted by a newer program: this one serves its built-in model there.
    if (!model || !band) continue;
    std::string suffix = row.id.substr(std::min(row.id.size(), row.model.size()));
    lineup.champions_.push_back({row.id, std::move(suffix), row.asset_type, **band, *model});
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

}  // namespace ara::registry
