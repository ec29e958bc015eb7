#include "domain/asset.h"

#include <array>

#include "base/find_named.h"
#include "base/text.h"

namespace ara::domain {
namespace {

constexpr std::array kAssets{
    AssetRow{AssetType::stock, "stock", Market::us_equities, 252},
    AssetRow{AssetType::crypto, "crypto", Market::always_open, 365},
    AssetRow{AssetType::forex, "forex", Market::target, 256},
    AssetRow{AssetType::index, "index", Market::us_equities, 252},
    AssetRow{AssetType::commodity, "commodity", Market::us_futures, 252},
};

}  // namespace

std::span<const AssetRow> asset_types() {
  return kAssets;
}

const AssetRow& describe(AssetType type) {
  return kAssets[static_cast<std::size_t>(type)];
}

Result<AssetType> parse_asset_type(std::string_view name) {
  const auto row = find_named(kAssets, "asset_type", to_lower(name));
  if (!row) return std::unexpected(row.error());
  return (*row)->type;
}

}  // namespace ara::domain
