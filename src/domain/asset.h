#pragma once

#include <span>
#include <string_view>

#include "base/result.h"

namespace ara::domain {

enum class AssetType { stock, crypto, forex, index, commodity };

/// Whose holidays and weekends a symbol keeps.
enum class Market {
  us_equities,  ///< New York Stock Exchange sessions
  always_open,  ///< every day of the year
  target,       ///< the European Central Bank's TARGET days
  us_futures,   ///< US settlement days (commodity spot series)
};

struct AssetRow {
  AssetType type;
  std::string_view name;  ///< on the wire and in the store
  Market market;
  int days_per_year;  ///< sessions by which a daily variance is annualised
};

/// All asset types, in the order of the enum.
std::span<const AssetRow> asset_types();
const AssetRow& describe(AssetType type);
/// By name, any case. The error lists the names.
Result<AssetType> parse_asset_type(std::string_view name);

}  // namespace ara::domain
