#include "ingest/names.h"

#include <gtest/gtest.h>

namespace ara::ingest {
namespace {

using domain::AssetType;

TEST(Names, SymbolsComeFromFileNames) {
  EXPECT_EQ(symbol_text_of("/data/aapl.csv"), "AAPL");
  EXPECT_EQ(symbol_text_of("AAPL.csv.gz"), "AAPL");
  EXPECT_EQ(symbol_text_of("BTCUSDT-1d-2021-01.csv"), "BTCUSDT");
  EXPECT_EQ(symbol_text_of("BTC-USD-1d.csv"), "BTC-USD");
  EXPECT_EQ(symbol_text_of("BTC-1DAY.csv"), "BTC-1DAY");
  EXPECT_EQ(symbol_text_of("^spx_d.csv"), "^SPX");
  EXPECT_EQ(symbol_text_of("aapl.us.txt"), "AAPL.US");
  EXPECT_EQ(symbol_text_of("-"), "");
}

/// Three weeks of rows, with or without weekends, volume and highs.
std::vector<Row> rows_of(bool weekends, bool volume = true, bool range = true) {
  std::vector<Row> rows;
  for (domain::Date day{std::chrono::year{2021} / 3 / 1}; rows.size() < 21;
       day += std::chrono::days{1}) {
    const std::chrono::weekday weekday{day};
    if (!weekends && (weekday == std::chrono::Saturday || weekday == std::chrono::Sunday)) continue;
    Row row;
    row.bar.time = day;
    row.bar.close = 10;
    if (range) row.bar.open = row.bar.high = row.bar.low = 10;
    if (volume) row.bar.volume = 100;
    rows.push_back(row);
  }
  return rows;
}

AssetType guess(std::string_view name, const std::vector<Row>& rows) {
  return guess_asset_type(*domain::Symbol::parse(name), rows);
}

TEST(Names, TheFormOfANameTellsTheType) {
  const auto weekdays = rows_of(false);
  EXPECT_EQ(guess("^GSPC", weekdays), AssetType::index);
  EXPECT_EQ(guess("SP500", weekdays), AssetType::index);
  EXPECT_EQ(guess("CL=F", weekdays), AssetType::commodity);
  EXPECT_EQ(guess("EURUSD=X", weekdays), AssetType::forex);
  EXPECT_EQ(guess("EURUSD", weekdays), AssetType::forex);
  EXPECT_EQ(guess("BTC-USD", weekdays), AssetType::crypto);
  EXPECT_EQ(guess("BTCUSDT", weekdays), AssetType::crypto);
  EXPECT_EQ(guess("EUR-USD", weekdays), AssetType::forex);
  EXPECT_EQ(guess("AAPL", weekdays), AssetType::stock);
  EXPECT_EQ(guess("BRK-B", weekdays), AssetType::stock);
}

TEST(Names, TheRowsTellWhereTheNameDoesNot) {
  EXPECT_EQ(guess("ETH", rows_of(true)), AssetType::crypto);
  EXPECT_EQ(guess("ETH", rows_of(false)), AssetType::stock);  // Ethan Allen Interiors
  EXPECT_EQ(guess("WTI", rows_of(false, false, false)), AssetType::commodity);
  EXPECT_EQ(guess("WTI", rows_of(false)), AssetType::stock);  // W&T Offshore
  EXPECT_EQ(guess("USD", rows_of(false, false, false)), AssetType::forex);
  EXPECT_EQ(guess("USD", rows_of(false)), AssetType::stock);
}

}  // namespace
}  // namespace ara::ingest
