#include "registry/train_trees.h"

#include <algorithm>

#include "base/rng.h"

namespace ara::registry {

std::vector<storage::SymbolRow> draw_symbols(std::vector<storage::SymbolRow> rows,
                                             std::size_t count, std::uint64_t seed) {
  Rng rng(seed);
  for (std::size_t i = 0; i + 1 < rows.size(); ++i) {  // Fisher and Yates
    std::swap(rows[i], rows[i + rng.below(static_cast<std::uint32_t>(rows.size() - i))]);
  }
  if (rows.size() > count)
    rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(count), rows.end());
  std::ranges::sort(rows, {}, &storage::SymbolRow::symbol);
  return rows;
}

Result<std::string> train_trees(storage::Store& store, const std::vector<storage::SymbolRow>& rows,
                                std::span<const models::MarketPoint> market,
                                const training::Options& options) {
  if (auto can = training::available(); !can) return std::unexpected(std::move(can.error()));
  std::vector<std::vector<domain::Bar>> bars;
  std::vector<std::vector<models::MarketFactors>> factors;
  std::vector<training::Series> series;
  for (const storage::SymbolRow& row : draw_symbols(rows, kTreeSymbols, options.seed)) {
    auto read = store.last_bars(row.symbol, kTreeBars, Call{});
    if (!read) return std::unexpected(std::move(read.error()));
    bars.push_back(std::move(read->bars));
    factors.push_back(market.empty() ? std::vector<models::MarketFactors>()
                                     : models::market_at(market, bars.back()));
    series.push_back({.bars = bars.back(), .market = factors.back()});
  }
  return training::train(series, options);
}

}  // namespace ara::registry
