#include "ingest/layout.h"

#include <gtest/gtest.h>

#include "ingest/rows.h"

namespace ara::ingest {
namespace {

/// The columns as letters in their places: d o h l c a v s, '.' for one that is not read.
std::string columns_of(const Layout& layout) {
  std::string text(layout.width, '.');
  constexpr std::string_view kLetters = "dohlcavs";
  for (std::size_t i = 0; i < kLetters.size(); ++i) {
    if (layout.position[i]) text[*layout.position[i]] = kLetters[i];
  }
  return text;
}

std::string columns_of(std::string_view text) {
  const auto layout = find_layout(text);
  return layout ? columns_of(*layout) : layout.error().message;
}

TEST(Layout, KnowsTheHeadersOfItsSources) {
  EXPECT_EQ(columns_of("Date,Open,High,Low,Close,Adj Close,Volume\n"), "dohlcav");
  EXPECT_EQ(columns_of("Date,Open,High,Low,Close,Volume,Adj. Close*\n"), "dohlcva");
  EXPECT_EQ(columns_of("Date,Open,High,Low,Close,Volume,Dividends,Stock Splits\n"), "dohlcv..");
  EXPECT_EQ(
      columns_of("<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>\n"),
      "s.d.ohlcv.");
  EXPECT_EQ(columns_of("SNo,Name,Symbol,Date,High,Low,Open,Close,Volume,Marketcap\n"),
            "..sdhlocv.");
  EXPECT_EQ(columns_of("open_time,open,high,low,close,volume,close_time,quote_volume,count,"
                       "taker_buy_volume,taker_buy_quote_volume,ignore\n"),
            "dohlcv......");
  EXPECT_EQ(columns_of("unix,date,symbol,open,high,low,close,Volume BTC,Volume USD\n"),
            ".dsohlcv.");
  EXPECT_EQ(columns_of("Date,Close/Last,Volume,Open,High,Low\n"), "dcvohl");
  EXPECT_EQ(columns_of("\"Date\",\"Price\",\"Open\",\"High\",\"Low\",\"Vol.\",\"Change %\"\n"),
            "dcohlv.");
  EXPECT_EQ(columns_of("\"date\",\"open\",\"high\",\"low\",\"close\",\"volume\",\"oi\"\n"),
            "dohlcv.");
  EXPECT_EQ(columns_of("timestamp,close\n"), "dc");
  EXPECT_EQ(columns_of("observation_date,VIXCLS\n"), "dc");
  EXPECT_EQ(columns_of("date,close,open,high,low,volume,Name\n"), "dcohlvs");
}

TEST(Layout, FindsTheDelimiter) {
  EXPECT_EQ(find_layout("Date;Open;High;Low;Close\n2021-01-04;1,5;2;1;1,75\n")->delimiter, ';');
  EXPECT_EQ(find_layout("date\tclose\n")->delimiter, '\t');
  EXPECT_EQ(find_layout("date|close\n")->delimiter, '|');
}

TEST(Layout, ReadsRowsWithoutHeader) {
  EXPECT_EQ(columns_of("2021-01-04,1.5\n"), "dc");
  EXPECT_EQ(columns_of("2021-01-04,1,2,1,1.5\n"), "dohlc");
  EXPECT_EQ(columns_of("1609459200000,1,2,1,1.5,10,1609545599999,15,3,5,7,0\n"), "dohlcv......");
  EXPECT_EQ(find_layout("2021-01-04,1.5\n")->first_row, 1U);
}

TEST(Layout, SkipsWhatStandsAboveTheHeader) {
  const auto layout = find_layout("https://www.example.org\n\nunix,open,high,low,close\n");
  ASSERT_TRUE(layout);
  EXPECT_EQ(layout->first_row, 4U);
}

TEST(Layout, ReadsTheThreeLinesOfYfinance) {
  const auto layout = find_layout(
      "Price,Close,High,Low,Open,Volume\nTicker,AAPL,AAPL,AAPL,AAPL,AAPL\nDate,,,,,\n"
      "2021-01-04,1,2,1,1,10\n");
  ASSERT_TRUE(layout);
  EXPECT_EQ(columns_of(*layout), "dchlov");
  EXPECT_EQ(layout->symbol, "AAPL");
  EXPECT_EQ(layout->first_row, 4U);
}

TEST(Layout, SeesTheDecimalComma) {
  EXPECT_TRUE(find_layout("date;close\n2021-01-04;1.234,56\n")->numbers.decimal_comma);
  EXPECT_TRUE(find_layout("date;close\n2021-01-04;1,234\n")->numbers.decimal_comma);
  EXPECT_FALSE(find_layout("date;close\n2021-01-04;1.234\n")->numbers.decimal_comma);
  EXPECT_FALSE(find_layout("date,close\n2021-01-04,\"1,234\"\n")->numbers.decimal_comma);
}

TEST(Layout, SaysWhatIsNoTable) {
  EXPECT_NE(columns_of("<html><body>").find("not an HTML"), std::string::npos);
  EXPECT_NE(columns_of("{\"error\": 1}").find("not JSON"), std::string::npos);
  EXPECT_NE(columns_of("").find("no text"), std::string::npos);
  EXPECT_NE(columns_of("\xFF\xFE"
                       "d")
                .find("UTF-16"),
            std::string::npos);
  EXPECT_NE(columns_of(std::string_view("a\0b", 3)).find("binary"), std::string::npos);
  EXPECT_NE(columns_of("name,city\nx,y\n").find("header that names a date"), std::string::npos);
}

TEST(Rows, SplitsCellsAndLines) {
  Cells cells;
  ASSERT_TRUE(cells.split("a,\"b,c\", d ,", ','));
  ASSERT_EQ(cells.size(), 4U);
  EXPECT_EQ(cells[1], "b,c");
  EXPECT_EQ(cells[2], "d");
  EXPECT_EQ(cells[3], "");
  EXPECT_FALSE(cells.split("a,\"b", ','));
  EXPECT_FALSE(cells.split(std::string(Cells::kMax, ','), ','));

  Lines lines("one\r\n\ntwo");
  EXPECT_EQ(lines.next(), "one");
  EXPECT_EQ(lines.next(), "");
  EXPECT_EQ(lines.next(), "two");
  EXPECT_EQ(lines.number(), 3U);
  EXPECT_EQ(lines.next(), std::nullopt);
}

}  // namespace
}  // namespace ara::ingest
