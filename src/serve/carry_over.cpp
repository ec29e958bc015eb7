#include "serve/carry_over.h"

#include "registry/market.h"
#include "serve/forecaster.h"

namespace ara::serve {
namespace {

/// Everything that may be asked of a symbol.
std::vector<ForecastRequest> requests_for(const domain::Symbol& symbol) {
  using domain::AnalysisLevel;
  std::vector<ForecastRequest> all;
  for (int days = 1; days <= domain::ForecastKey::kMaxHorizon; ++days) {
    for (const auto level : {AnalysisLevel::basic, AnalysisLevel::standard, AnalysisLevel::full}) {
      for (const bool explanations : {false, true}) {
        all.push_back({.symbol = symbol,
                       .days = days,
                       .level = level,
                       .explanations = explanations,
                       .asset_type = std::nullopt});
      }
    }
  }
  return all;
}

/// Those of a symbol that the store answers by `now`, and would not yet by `next`.
Result<std::vector<ForecastRequest>> wanted(storage::Store& store, const storage::SymbolRow& head,
                                            const registry::Lineup& now,
                                            const registry::Lineup& next) {
  std::vector<ForecastRequest> kept;
  for (ForecastRequest& request : requests_for(head.symbol)) {
    const Hash128 old_id = key_of(request, subject_of(head), now).id();
    const Hash128 new_id = key_of(request, subject_of(head), next).id();
    if (old_id == new_id) continue;
    const auto held = store.find_forecast(old_id, Call{});
    if (!held) return std::unexpected(held.error());
    if (!*held) continue;
    const auto made = store.find_forecast(new_id, Call{});
    if (!made) return std::unexpected(made.error());
    if (!*made) kept.push_back(std::move(request));
  }
  return kept;
}

}  // namespace

Result<std::size_t> carry_over(storage::Store& store, const registry::Lineup& now,
                               const registry::Lineup& next, Deadline deadline,
                               const Clock& clock) {
  const auto heads = store.symbols(Call{});
  if (!heads) return std::unexpected(heads.error());
  std::size_t count = 0;
  for (const storage::SymbolRow& head : *heads) {
    if (deadline.passed(clock.steady())) break;
    const auto requests = wanted(store, head, now, next);
    if (!requests) return std::unexpected(requests.error());
    if (requests->empty()) continue;
    const auto series = store.last_bars(head.symbol, registry::kHistory, Call{});
    if (!series) return std::unexpected(series.error());
    const auto market = registry::read_market(store, head.asset_type, Call{});
    if (!market) return std::unexpected(market.error());
    const Subject subject{series->asset_type, series->revision, series->bars.size()};
    std::vector<storage::ForecastRow> rows;
    for (const ForecastRequest& request : *requests) {
      const Chosen chosen =
          choose(next, subject.asset_type, request.days, request.level, subject.bars);
      const auto forecast = make_forecast(key_of(request, subject, chosen, market->revision),
                                          *series, chosen, market->points);
      // A series that this model has no answer for is the server's to deal with.
      if (forecast) rows.push_back(row_of(*forecast, clock.now()));
    }
    if (auto put = store.put_forecasts(rows, Call{}); !put) return std::unexpected(put.error());
    count += rows.size();
  }
  return count;
}

}  // namespace ara::serve
