#include "jobs/forecasts.h"

#include "registry/version.h"
#include "serve/forecaster.h"

namespace ara::jobs {

Result<Forecasts> Forecasts::start(Context& context) {
  auto lineup = registry::Lineup::read(context.store, *context.shelf, Call{});
  if (!lineup) return std::unexpected(std::move(lineup.error()));
  return Forecasts(context, std::move(*lineup));
}

Result<const registry::Market*> Forecasts::market_of(domain::AssetType asset_type) {
  const std::uint64_t wanted = lineup_.market_revision(asset_type);
  if (!market_ || market_->first != asset_type || market_->second.revision < wanted) {
    registry::Market market;
    if (wanted > 0) {
      auto read = registry::read_market(context_->store, asset_type, Call{});
      if (!read) return std::unexpected(std::move(read.error()));
      market = std::move(*read);
    }
    market_.emplace(asset_type, std::move(market));
  }
  return &market_->second;
}

Result<storage::ForecastRow> Forecasts::make(const serve::ForecastRequest& request) {
  const auto head = context_->store.find_symbol(request.symbol, Call{});
  if (!head) return std::unexpected(head.error());
  if (!*head) {
    return std::unexpected(Error{Code::not_found, "There are no bars of " + request.symbol.text(),
                                 "symbol", request.symbol.text(),
                                 "a symbol that has been imported"});
  }
  const Hash128 id = key_of(request, serve::subject_of(**head), lineup_).id();
  auto stored = context_->store.find_forecast(id, Call{});
  if (!stored || *stored) return stored.transform([](auto& row) { return std::move(*row); });
  const auto series = context_->store.last_bars(request.symbol, registry::kHistory, Call{});
  if (!series) return std::unexpected(series.error());
  const auto market = market_of(series->asset_type);
  if (!market) return std::unexpected(market.error());
  const auto forecast = serve::make_forecast(request, *series, lineup_, **market);
  if (!forecast) return std::unexpected(forecast.error());
  const WallTime now = context_->clock.now();
  // Twice or for nothing does no harm: what is known already is left as it is.
  auto expected = context_->store.expect(serve::expectations_of(*forecast, now), Call{});
  if (!expected) return std::unexpected(std::move(expected.error()));
  auto row = serve::row_of(*forecast, now);
  context_->effects.forecasts.push_back(row);
  return row;
}

}  // namespace ara::jobs
