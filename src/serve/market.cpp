#include "serve/market.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "models/regime.h"
#include "registry/version.h"
#include "serve/confidence.h"

namespace ara::serve {
namespace {

/// Of the features, those that tell what a regime is about.
constexpr std::array<std::string_view, 6> kOfRegime{"volatility", "vol_regime", "atr_pct",
                                                    "ret_20d",    "adx",        "dist_from_high"};

std::vector<features::Reading> readings_of(const domain::Series& series) {
  features::FeatureState state(series.asset_type == domain::AssetType::forex);
  for (const domain::Bar& bar : series.bars) state.update(bar);
  return features::read(state.values());
}

/// As many as a model sees.
Result<domain::Series> newest_bars(storage::Store& store, const domain::Symbol& symbol,
                                   const Call& call) {
  auto series = store.last_bars(symbol, registry::kHistory, call);
  if (!series && series.error().code == Code::not_found) {
    series.error().field = "symbol";
    series.error().value = symbol.text();
    series.error().allowed = "a symbol that GET /api/v1/symbols lists";
  }
  return series;
}

MarketView view_of(const domain::Series& series) {
  return {series.symbol, series.asset_type, domain::date_of(series.bars.back().time)};
}

}  // namespace

Result<Indicators> read_indicators(storage::Store& store, const domain::Symbol& symbol,
                                   const Call& call) {
  const auto series = newest_bars(store, symbol, call);
  if (!series) return std::unexpected(series.error());
  return Indicators{view_of(*series), readings_of(*series)};
}

Result<RegimeReport> read_regime(storage::Store& store, const domain::Symbol& symbol,
                                 const Call& call) {
  const auto series = newest_bars(store, symbol, call);
  if (!series) return std::unexpected(series.error());
  const domain::Scale scale = models::scale_of(series->bars);
  std::vector<double> values;
  for (const domain::Bar& bar : series->bars) values.push_back(models::value_of(bar, scale));
  const auto regime = models::Regime::fit({series->bars, values, {}}, scale);
  if (!regime) {
    return invalid("symbol", symbol.text(),
                   "a symbol with regimes; of this one: " + regime.error().message);
  }
  RegimeReport report{view_of(*series), view_of(*regime), {}, {}};
  for (std::size_t state = 0; state < regime->chain().states; ++state) {
    report.probabilities.emplace_back(regime->label(state), regime->probabilities()[state]);
  }
  for (features::Reading& reading : readings_of(*series)) {
    if (std::ranges::contains(kOfRegime, reading.feature->name) && std::isfinite(reading.value)) {
      report.features.push_back(std::move(reading));
    }
  }
  return report;
}

}  // namespace ara::serve
