#pragma once

#include <span>
#include <string>
#include <vector>

#include "models/market.h"
#include "storage/store.h"
#include "training/global_model.h"

namespace ara::registry {

/// What the global trees of one training are drawn from, at most, so that its memory is bounded.
inline constexpr std::size_t kTreeSymbols = 500;
inline constexpr std::size_t kTreeBars = 5000;  ///< the newest of each: 20 years of sessions

/// Up to `count` of the rows, drawn by the seed; ascending by symbol.
std::vector<storage::SymbolRow> draw_symbols(std::vector<storage::SymbolRow> rows,
                                             std::size_t count, std::uint64_t seed);

/// The global model, trained on the bars that the store holds of `rows` up to options.until, with
/// that market factor. Errors as training::train, and those of the store.
Result<std::string> train_trees(storage::Store& store, const std::vector<storage::SymbolRow>& rows,
                                std::span<const models::MarketPoint> market,
                                const training::Options& options);

}  // namespace ara::registry
