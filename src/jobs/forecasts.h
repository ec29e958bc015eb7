#pragma once

#include <optional>
#include <string>

#include "jobs/kinds.h"
#include "registry/lineup.h"
#include "registry/market.h"
#include "serve/forecast_request.h"

namespace ara::jobs {

/// Makes forecasts for a job as the server would, into the job's effects. The lineup is read once,
/// so that all forecasts of a job are of one moment's champions.
class Forecasts {
 public:
  static Result<Forecasts> start(Context& context);

  /// The forecast, its bytes encoded: the stored one where there is one already.
  Result<storage::ForecastRow> make(const serve::ForecastRequest& request);

 private:
  Forecasts(Context& context, registry::Lineup lineup)
      : context_(&context), lineup_(std::move(lineup)) {}

  Result<const registry::Market*> market_of(domain::AssetType asset_type);

  Context* context_;
  registry::Lineup lineup_;
  std::optional<std::pair<domain::AssetType, registry::Market>> market_;  ///< the newest read
};

}  // namespace ara::jobs
