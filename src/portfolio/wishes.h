#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "portfolio/analyse.h"
#include "portfolio/optimise.h"

namespace ara::portfolio {

/// Numbers by symbol, each once, in upper case.
using BySymbol = std::vector<std::pair<std::string, double>>;

/// Checks a map that a caller gave: names that are symbols, each once, and values within a range.
/// Code::invalid on "FIELD.NAME".
Result<BySymbol> by_symbol(std::string_view field,
                           std::span<const std::pair<std::string, double>> given, double least,
                           double most);

std::optional<double> value_of(const BySymbol& all, std::string_view symbol);

/// The weights of all assets of a history, scaled to sum to exactly 1. Code::invalid on `field`
/// where they do not sum to 1 within 0.01, or on "FIELD.SYMBOL" where one is no asset or, if
/// `complete`, an asset has none.
Result<Vector> weights_of(std::string_view field, const BySymbol& given, const History& history,
                          bool complete);

/// An order in names, as a caller gives it.
struct Wishes {
  std::string method = "mpt";
  std::string tolerance = "moderate";
  Constraints constraints;                                   ///< without groups
  std::vector<std::pair<std::string, std::string>> sectors;  ///< symbol, sector
  std::vector<std::pair<std::string, double>> sector_limits;
  std::vector<std::pair<std::string, double>> asset_class_limits;  ///< asset type, limit
  std::vector<std::pair<std::string, double>> expected_returns;    ///< by symbol
  std::vector<std::pair<std::string, double>> market_weights;      ///< by symbol; none: equal
};

/// Code::invalid names the field as the HTTP interface calls it.
Result<Order> order_of(const Wishes& wishes, const History& history);

/// What two sets of weights say of each symbol that is in either. Code::invalid where one sums to
/// more than 1.01 (what is left of 1 is cash) or a price is missing.
Result<std::vector<Holding>> holdings_of(
    std::span<const std::pair<std::string, double>> current_weights,
    std::span<const std::pair<std::string, double>> target_weights,
    std::span<const std::pair<std::string, double>> current_prices);

}  // namespace ara::portfolio
