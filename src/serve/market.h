#pragma once

#include <utility>
#include <vector>

#include "domain/insight.h"
#include "features/reading.h"
#include "storage/store.h"

namespace ara::serve {

/// Where a symbol's newest bars stand; what a forecast's model sees is what these see.
struct MarketView {
  domain::Symbol symbol;
  domain::AssetType asset_type = domain::AssetType::stock;
  domain::Date as_of{};  ///< session of the newest bar
};

/// All indicators at the newest bar, with their readings.
struct Indicators : MarketView {
  std::vector<features::Reading> readings;
};
/// Code::not_found for an unknown symbol.
Result<Indicators> read_indicators(storage::Store& store, const domain::Symbol& symbol,
                                   const Call& call);

/// The regime at the newest bar, as in a forecast, and what is behind it.
struct RegimeReport : MarketView {
  domain::RegimeView regime;
  std::vector<std::pair<std::string, double>> probabilities;  ///< of each state, summing to 1
  std::vector<features::Reading> features;  ///< that describe it, those that are defined
};
/// Code::not_found for an unknown symbol; Code::invalid on field "symbol" where its bars are too
/// few or do not move.
Result<RegimeReport> read_regime(storage::Store& store, const domain::Symbol& symbol,
                                 const Call& call);

}  // namespace ara::serve
