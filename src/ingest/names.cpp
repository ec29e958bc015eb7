#include "ingest/names.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.h"

namespace ara::ingest {
namespace {

using domain::AssetType;
using Name = std::string_view;

constexpr std::array kCurrencies{
    Name{"AUD"}, Name{"BGN"}, Name{"BRL"}, Name{"CAD"}, Name{"CHF"}, Name{"CLP"}, Name{"CNH"},
    Name{"CNY"}, Name{"COP"}, Name{"CZK"}, Name{"DKK"}, Name{"EUR"}, Name{"GBP"}, Name{"HKD"},
    Name{"HUF"}, Name{"IDR"}, Name{"ILS"}, Name{"INR"}, Name{"ISK"}, Name{"JPY"}, Name{"KRW"},
    Name{"MXN"}, Name{"MYR"}, Name{"NOK"}, Name{"NZD"}, Name{"PHP"}, Name{"PLN"}, Name{"RON"},
    Name{"RUB"}, Name{"SAR"}, Name{"SEK"}, Name{"SGD"}, Name{"THB"}, Name{"TRY"}, Name{"TWD"},
    Name{"UAH"}, Name{"USD"}, Name{"ZAR"},
};

constexpr std::array kIndexes{
    Name{"SP500"}, Name{"SPX"},     Name{"GSPC"},     Name{"NDX"},  Name{"NASDAQ"}, Name{"IXIC"},
    Name{"DJI"},   Name{"DJIA"},    Name{"RUT"},      Name{"VIX"},  Name{"VXN"},    Name{"FTSE"},
    Name{"DAX"},   Name{"GDAXI"},   Name{"CAC40"},    Name{"FCHI"}, Name{"N225"},   Name{"NIKKEI"},
    Name{"HSI"},   Name{"STOXX50"}, Name{"STOXX600"},
};

constexpr std::array kCommodities{
    Name{"WTI"},    Name{"BRENT"},    Name{"NATGAS"},    Name{"GOLD"},   Name{"SILVER"},
    Name{"COPPER"}, Name{"PLATINUM"}, Name{"PALLADIUM"}, Name{"XAUUSD"}, Name{"XAGUSD"},
    Name{"CORN"},   Name{"WHEAT"},    Name{"SOYBEANS"},  Name{"COFFEE"}, Name{"SUGAR"},
    Name{"COTTON"}, Name{"COCOA"},
};

constexpr std::array kStableCoins{Name{"USDT"}, Name{"USDC"}, Name{"BUSD"}, Name{"TUSD"},
                                  Name{"FDUSD"}};

bool among(std::span<const Name> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

/// EURUSD or EUR-USD.
bool is_currency_pair(std::string_view name) {
  const bool dash = name.size() == 7 && name[3] == '-';
  return (name.size() == 6 || dash) && among(kCurrencies, name.substr(0, 3)) &&
         among(kCurrencies, name.substr(name.size() - 3));
}

/// BTC-USD, BTC-EUR, ETH-BTC, BTCUSDT.
bool is_coin_pair(std::string_view name) {
  for (Name coin : kStableCoins) {
    if (name.size() > coin.size() && name.ends_with(coin)) return true;
  }
  const auto dash = name.rfind('-');
  if (dash == name.npos || dash == 0) return false;
  const std::string_view quote = name.substr(dash + 1);
  return among(kCurrencies, quote) || quote == "BTC" || quote == "ETH";
}

struct Shape {
  bool volume = false;
  bool range = false;     ///< has highs and lows
  bool weekends = false;  ///< at least one bar in ten on a Saturday or Sunday; two in seven is all
};

Shape shape_of(std::span<const Row> rows) {
  Shape shape;
  std::size_t weekend_bars = 0;
  for (const auto& [bar, line, second] : rows) {
    shape.volume |= std::isfinite(bar.volume) && bar.volume > 0;
    shape.range |= std::isfinite(bar.high);
    // Days since Thursday, 1970-01-01: Saturday is 2, Sunday 3 (mod 7).
    const auto day = domain::date_of(bar.time).time_since_epoch().count();
    const auto weekday = (day % 7 + 7) % 7;
    weekend_bars += weekday == 2 || weekday == 3;
  }
  shape.weekends = weekend_bars * 10 > rows.size();
  return shape;
}

}  // namespace

std::string symbol_text_of(std::string_view file_name) {
  const auto slash = file_name.find_last_of('/');
  std::string stem = to_upper(slash == file_name.npos ? file_name : file_name.substr(slash + 1));
  if (stem == "-") return {};
  if (stem.ends_with(".GZ")) stem.resize(stem.size() - 3);
  for (std::string_view extension : {".CSV", ".TXT", ".TSV"}) {
    if (stem.ends_with(extension)) stem.resize(stem.size() - extension.size());
  }
  if (const auto at = stem.find("-1D");
      at != stem.npos && (at + 3 == stem.size() || stem[at + 3] == '-')) {
    stem.resize(at);  // Binance: interval, then the month
  }
  if (stem.ends_with("_D")) stem.resize(stem.size() - 2);  // stooq: daily
  return stem;
}

AssetType guess_asset_type(const domain::Symbol& symbol, std::span<const Row> rows) {
  const std::string_view name = symbol.text();
  const Shape shape = shape_of(rows);
  if (name.starts_with('^') || among(kIndexes, name)) return AssetType::index;
  if (name.ends_with("=F")) return AssetType::commodity;
  if (name.ends_with("=X") || is_currency_pair(name)) return AssetType::forex;
  if (is_coin_pair(name)) return AssetType::crypto;
  if (!shape.volume && among(kCommodities, name)) return AssetType::commodity;
  if (!shape.range && among(kCurrencies, name)) return AssetType::forex;
  return shape.weekends ? AssetType::crypto : AssetType::stock;
}

}  // namespace ara::ingest
