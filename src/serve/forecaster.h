#pragma once

#include <chrono>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "domain/forecast.h"
#include "models/market.h"
#include "registry/lineup.h"
#include "registry/market.h"
#include "serve/forecast_request.h"

namespace ara::serve {

/// Which model makes a forecast, and the name of all that it brings along: part of every key.
struct Chosen {
  const models::ModelRow* row;
  std::string version;                           ///< e.g. "har-1.1260-0f3a5c7e9b12"; see choose()
  const registry::Champion* champion = nullptr;  ///< of the lineup; null: the built-in model
};

/// The champion for a request of the standard level, or the level's built-in model
/// (models::row_for) where it is another level, there is no champion, or that needs more than
/// `bars` bars; valid as long as the lineup. The built-in one has no version of its own: its name
/// then ends after the program's, e.g. "combination-1.1260".
Chosen choose(const registry::Lineup& lineup, domain::AssetType asset_type, int horizon,
              domain::AnalysisLevel level, std::uint64_t bars);
Chosen built_in(domain::AnalysisLevel level, std::uint64_t bars);

/// The symbol as a key is made from it: its head, or what its bars say when they are read.
struct Subject {
  domain::AssetType asset_type = domain::AssetType::stock;
  domain::Revision revision;
  std::uint64_t bars = 0;
};
Subject subject_of(const storage::SymbolRow& head);

/// The key of what answers a request: by `chosen` and that market factor, or by whom the lineup
/// says.
domain::ForecastKey key_of(const ForecastRequest& request, const Subject& subject, Chosen chosen,
                           std::uint64_t market_revision);
domain::ForecastKey key_of(const ForecastRequest& request, const Subject& subject,
                           const registry::Lineup& lineup);

/// Told what a model took to be fitted and to forecast.
using ModelTimer = std::function<void(const models::ModelRow& row, std::chrono::nanoseconds span)>;

/// The forecast of a series by `chosen`, a pure function of its arguments, all of them named by the
/// key: the revision is that of the series, model_version of the model and its trees,
/// market_revision of the factor (oldest first, or empty). Code::invalid on field "bars" where
/// there are too few bars.
Result<domain::Forecast> make_forecast(const domain::ForecastKey& key, const domain::Series& series,
                                       const Chosen& chosen,
                                       std::span<const models::MarketPoint> market,
                                       const ModelTimer& timer = {});

/// The same by whom the lineup says, or, where that one has no answer for the series (such as one
/// that was negative once), by the level's built-in model.
Result<domain::Forecast> make_forecast(const ForecastRequest& request, const domain::Series& series,
                                       const registry::Lineup& lineup,
                                       const registry::Market& market,
                                       const ModelTimer& timer = {});

/// What a forecast says of its days, each to be settled once it has come.
std::vector<storage::ExpectationRow> expectations_of(const domain::Forecast& forecast,
                                                     WallTime created);

/// A forecast as the store keeps it, its bytes encoded.
storage::ForecastRow row_of(const domain::Forecast& forecast, WallTime created);

}  // namespace ara::serve
