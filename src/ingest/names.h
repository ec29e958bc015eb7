#pragma once

#include <span>
#include <string>
#include <string_view>

#include "domain/series.h"
#include "ingest/check.h"

namespace ara::ingest {

/// The symbol that a file's name gives, not yet checked: AAPL.csv and aapl.csv.gz give "AAPL",
/// BTCUSDT-1d-2021-01.csv "BTCUSDT", ^spx_d.csv "^SPX". Empty for "-" and "".
std::string symbol_text_of(std::string_view file_name);

/// What the rows and their symbol's name tell about the kind of asset, in this order:
/// a name with a form of its own (^ index, =F commodity, =X and pairs of currencies forex, BTC-USD
/// and the like crypto); well-known names of indexes and, where there is no volume, commodities;
/// closes alone under a currency's name; bars on weekends (crypto); else a stock.
domain::AssetType guess_asset_type(const domain::Symbol& symbol, std::span<const Row> rows);

}  // namespace ara::ingest
