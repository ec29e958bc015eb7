#include "ingest/parse.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/format.h"

namespace ara::ingest {
namespace {

using domain::AssetType;

Options options_of(std::string name = "AAPL.csv") {
  Options options;
  options.name = std::move(name);
  options.today = domain::Date{std::chrono::year{2024} / 1 / 1};
  return options;
}

Parsed parse(std::string_view text, const Options& options = options_of()) {
  auto parsed = parse_csv(text, options);
  EXPECT_TRUE(parsed) << parsed.error().message;
  return parsed ? *std::move(parsed) : Parsed{};
}

Error error_of(std::string_view text, const Options& options = options_of()) {
  const auto parsed = parse_csv(text, options);
  EXPECT_FALSE(parsed);
  return parsed ? Error{} : parsed.error();
}

constexpr std::string_view kYahoo =
    "Date,Open,High,Low,Close,Adj Close,Volume\n"
    "2021-01-04,133.52,133.61,126.76,129.41,127.50,143301900\n"
    "2021-01-05,128.89,131.74,128.43,131.01,129.08,97664900\n"
    "2021-01-06,127.72,131.05,126.38,126.60,124.73,155088000\n";

TEST(Parse, ReadsAYahooFile) {
  const Parsed parsed = parse(kYahoo);
  EXPECT_TRUE(parsed.accepted());
  EXPECT_TRUE(parsed.findings.none());
  EXPECT_EQ(parsed.rows, 3U);
  ASSERT_EQ(parsed.series.size(), 1U);
  const ParsedSeries& series = parsed.series[0];
  EXPECT_EQ(series.symbol.text(), "AAPL");
  EXPECT_EQ(series.asset_type, AssetType::stock);
  ASSERT_EQ(series.bars.size(), 3U);
  const domain::Bar& bar = series.bars[1];
  EXPECT_EQ(domain::to_iso(domain::date_of(bar.time)), "2021-01-05");
  EXPECT_EQ(bar.open, 128.89);
  EXPECT_EQ(bar.high, 131.74);
  EXPECT_EQ(bar.low, 128.43);
  EXPECT_EQ(bar.close, 131.01);
  EXPECT_EQ(bar.adjusted_close, 129.08);
  EXPECT_EQ(bar.volume, 97664900);
}

TEST(Parse, OneContentInManyDressesGivesTheSameBars) {
  const Parsed plain =
      parse("date,open,high,low,close\n2021-01-04,1.5,2,1,1.25\n2021-01-05,1,3,1,2\n");
  for (std::string_view text :
       {"\xEF\xBB\xBF"
        "date,open,high,low,close\r\n2021-01-04,1.5,2,1,1.25\r\n\r\n2021-01-05,1,3,1,2",
        "Date;Open;High;Low;Close\n2021-01-05;1;3;1;2\n2021-01-04;1,5;2;1;1,25\n",
        "time\tlow\thigh\tclose\topen\n1609804800\t1\t3\t2\t1\n1609718400\t1\t2\t1.25\t1.5\n",
        "Ticker|Date|Open|High|Low|Close|Extra\nAAPL|1/5/2021|1|3|1|2|x\n"
        "AAPL|12/31/2020|||||x\nAAPL|1/4/2021|1.5|2|1|1.25|x\n",
        "\"Date\",\"Price\",\"Open\",\"High\",\"Low\"\n\"Jan 05, "
        "2021\",\"2.00\",\"1\",\"3\",\"1\"\n"
        "\"Jan 04, 2021\",\"1.25\",\"1.5\",\"2\",\"1\"\n",
        "20210104,1.5,2,1,1.25\n20210105,1,3,1,2\n"}) {
    const Parsed parsed = parse(text);
    ASSERT_EQ(parsed.series.size(), 1U) << text;
    ASSERT_EQ(parsed.series[0].bars.size(), 2U) << text;
    for (std::size_t i = 0; i < 2; ++i) {
      EXPECT_TRUE(domain::same_bar(parsed.series[0].bars[i], plain.series[0].bars[i])) << text;
    }
  }
}

TEST(Parse, ReadsBinanceRowsWithoutHeader) {
  const Parsed parsed = parse(
      "1609459200000,28923.63,29600.00,28624.57,29331.69,54182.92,1609545599999,1582526989.9,"
      "1314910,"
      "27455.82,802218440.0,0\n"
      "1609545600000,29331.70,33300.00,28946.53,32178.33,129993.87,1609631999999,4073500000.0,"
      "2245922,"
      "67446.35,2113440000.0,0\n",
      options_of("BTCUSDT-1d-2021-01.csv"));
  ASSERT_TRUE(parsed.accepted());
  EXPECT_EQ(parsed.series[0].symbol.text(), "BTCUSDT");
  EXPECT_EQ(parsed.series[0].asset_type, AssetType::crypto);
  EXPECT_EQ(domain::to_iso(domain::date_of(parsed.series[0].bars[0].time)), "2021-01-01");
  EXPECT_EQ(parsed.series[0].bars[0].volume, 54182.92);
  EXPECT_TRUE(std::isnan(parsed.series[0].bars[0].adjusted_close));
}

TEST(Parse, ASymbolColumnSplitsTheFile) {
  const Parsed parsed = parse(
      "date,close,Name\n2021-01-04,1,AAL\n2021-01-04,10,aapl\n2021-01-05,2,AAL\n2021-01-05,11,"
      "AAPL\n");
  ASSERT_EQ(parsed.series.size(), 2U);
  EXPECT_EQ(parsed.series[0].symbol.text(), "AAL");
  EXPECT_EQ(parsed.series[1].symbol.text(), "AAPL");
  EXPECT_EQ(parsed.series[1].bars.size(), 2U);
  EXPECT_EQ(parsed.bars(), 4U);
}

TEST(Parse, ANameThatIsNoSymbolLeavesTheFileName) {
  const Parsed parsed =
      parse("date,close,Name\n2021-01-04,1,Apple Inc.\n2021-01-05,2,Apple Inc.\n");
  ASSERT_EQ(parsed.series.size(), 1U);
  EXPECT_EQ(parsed.series[0].symbol.text(), "AAPL");
}

TEST(Parse, TheGivenSymbolGoesFirst) {
  Options options = options_of("-");
  EXPECT_EQ(error_of("date,close\n2021-01-04,1\n", options).message,
            "symbol: nothing names it; give --symbol");
  options.symbol = *domain::Symbol::parse("X");
  EXPECT_EQ(parse("date,close,symbol\n2021-01-04,1,AAA\n", options).series[0].symbol.text(), "X");
  EXPECT_EQ(error_of("date,close,symbol\n2021-01-04,1,A\n2021-01-05,1,B\n", options).field,
            "symbol");
}

TEST(Parse, AFileNameThatIsNoSymbolAsksForOne) {
  const Error error = error_of("date,close\n2021-01-04,1\n", options_of("my prices (1).csv"));
  EXPECT_EQ(error.code, Code::invalid);
  EXPECT_EQ(error.field, "symbol");
}

TEST(Parse, TheAssetTypeIsGivenOrKnownOrGuessed) {
  Options options = options_of();
  options.known_type = [](const domain::Symbol& symbol) -> std::optional<AssetType> {
    return symbol.text() == "AAPL" ? std::optional(AssetType::index) : std::nullopt;
  };
  EXPECT_EQ(parse(kYahoo, options).series[0].asset_type, AssetType::index);
  options.asset_type = AssetType::crypto;
  EXPECT_EQ(parse(kYahoo, options).series[0].asset_type, AssetType::crypto);
}

TEST(Parse, SeveralBarsADayAreNotTaken) {
  std::string text = "Date,Close\n";
  for (int hour = 0; hour < 24; ++hour) text += ara::format("2021-01-04 {:02}:00:00,5\n", hour);
  EXPECT_EQ(error_of(text).code, Code::unsupported);
}

TEST(Parse, AConstantTimeOfDayIsFine) {
  EXPECT_TRUE(parse("Date,Close\n2021-01-04 23:59:59,5\n2021-01-05 23:59:59,6\n").accepted());
}

TEST(Parse, AmbiguousDatesAsk) {
  constexpr std::string_view text = "Date,Close\n01/02/2020,5\n01/03/2020,6\n01/04/2020,7\n";
  Options options = options_of();
  EXPECT_EQ(error_of(text).field, "date");
  options.date_order = DateOrder::dmy;
  EXPECT_EQ(domain::to_iso(domain::date_of(parse(text, options).series[0].bars[0].time)),
            "2020-02-01");
}

/// One row at a time among sound ones: what is found, and what each way to go on makes of it.
struct Case {
  const char* row;
  Kind kind;
};

class BadRow : public testing::TestWithParam<Case> {};

TEST_P(BadRow, StopsTheFileOrIsLeftOut) {
  const auto& [row, kind] = GetParam();
  const std::string text =
      "Date,Open,High,Low,Close,Adj Close,Volume\n"
      "2021-01-04,10,11,9,10,10,100\n"
      "2021-01-05,10,11,9,10.5,10.5,100\n" +
      std::string(row) + "\n2021-01-07,10,11,9,10.2,10.2,100\n";
  Options options = options_of();
  const Parsed stopped = parse(text, options);
  EXPECT_FALSE(stopped.accepted());
  EXPECT_EQ(stopped.refusal, "1 error");
  EXPECT_EQ(stopped.findings.count(kind), 1U);
  const auto found = std::ranges::find(stopped.findings.list(), kind, &Finding::kind);
  ASSERT_NE(found, stopped.findings.list().end());
  EXPECT_EQ(found->row, 4U) << found->message;
  EXPECT_EQ(found->severity, Severity::error);

  options.on_error = OnError::skip;
  const Parsed skipped = parse(text, options);
  EXPECT_TRUE(skipped.accepted()) << skipped.refusal;
  EXPECT_EQ(skipped.bars(), 3U);
  EXPECT_EQ(skipped.findings.count(kind), 1U);
}

INSTANTIATE_TEST_SUITE_P(
    Each, BadRow,
    testing::Values(Case{"<!-- status code : 502 -->", Kind::malformed},
                    Case{"2021-01-06,10,11,9,10,10", Kind::malformed},
                    Case{"2021-01-06,10,11,9,10,10,100,7", Kind::malformed},
                    Case{"2021-01-06,\"10,11,9,10,10,100", Kind::malformed},
                    Case{"06.01.2021,10,11,9,10,10,100", Kind::bad_date},
                    Case{",10,11,9,10,10,100", Kind::bad_date},
                    Case{"2031-01-06,10,11,9,10,10,100", Kind::bad_date},
                    Case{"2021-01-06,10,11.1.1,9,10,10,100", Kind::bad_number},
                    Case{"2021-01-06,10,inf,9,10,10,100", Kind::bad_number},
                    Case{"2021-01-06,10,11,9,,10,100", Kind::missing_close},
                    Case{"2021-01-06,10,11,-9,10,10,100", Kind::not_positive},
                    Case{"2021-01-06,0,0,0,0,0,0", Kind::not_positive},
                    Case{"2021-01-06,10,9,11,10,10,100", Kind::range},
                    Case{"2021-01-06,12,11,9,10,10,100", Kind::range},
                    Case{"2021-01-06,10,11,9,8.9,10,100", Kind::range},
                    Case{"2021-01-06,10,11,9,10,10,-100", Kind::negative_volume},
                    Case{"2021-01-05,10,11,9,10.4,10.4,100", Kind::conflicting_duplicate}));

TEST(Parse, WarningsDoNotStop) {
  const Parsed parsed = parse(
      "Date,Open,High,Low,Close,Adj Close,Volume\n"
      "2021-01-04,10,11,9,10,10,100\n"
      "2021-01-04,10,11,9,10,10,100\n"
      "2021-01-05,null,null,null,null,null,null\n"
      "2021-01-06,0,11,9,10,10,100\n");
  EXPECT_TRUE(parsed.accepted());
  EXPECT_EQ(parsed.findings.count(Kind::duplicate), 1U);
  EXPECT_EQ(parsed.findings.count(Kind::empty), 1U);
  EXPECT_EQ(parsed.findings.count(Kind::incomplete), 1U);
  EXPECT_EQ(parsed.findings.count(Kind::gap), 1U);
  EXPECT_EQ(parsed.bars(), 2U);
  EXPECT_TRUE(std::isnan(parsed.series[0].bars[1].open));
}

TEST(Parse, RangesHoldToRounding) {
  EXPECT_TRUE(parse("Date,Open,High,Low,Close\n2021-01-04,10,11,9,11.00001\n").accepted());
  EXPECT_FALSE(parse("Date,Open,High,Low,Close\n2021-01-04,10,11,9,11.001\n").accepted());
}

TEST(Parse, CommoditiesMayCostLessThanNothing) {
  constexpr std::string_view text = "Date,Close\n2020-04-20,-36.98\n2020-04-21,8.91\n";
  Options options = options_of("WTI.csv");
  const Parsed parsed = parse(text, options);
  EXPECT_TRUE(parsed.accepted());
  EXPECT_EQ(parsed.findings.count(Kind::negative_price), 1U);
  options.asset_type = AssetType::stock;
  EXPECT_FALSE(parse(text, options).accepted());
}

TEST(Parse, ARunOfBadRowsIsOneFinding) {
  std::string text(kYahoo);
  for (int i = 0; i < 40; ++i) text += "{\"error\": 1}\n";
  const Parsed parsed = parse(text);
  EXPECT_EQ(parsed.findings.count(Kind::malformed), 40U);
  ASSERT_EQ(parsed.findings.list().size(), 1U);
  EXPECT_EQ(parsed.findings.list()[0].row, 5U);
  EXPECT_EQ(parsed.findings.list()[0].last_row, 44U);
}

TEST(Parse, SkippingMostOfAFileIsNoImport) {
  std::string text(kYahoo);
  for (int i = 0; i < 4; ++i) text += "{\"error\": 1}\n";
  Options options = options_of();
  options.on_error = OnError::skip;
  EXPECT_EQ(parse(text, options).refusal, "4 of 7 rows are in error");
}

TEST(Parse, ABadSymbolInItsColumnIsAnError) {
  const Parsed parsed = parse("date,close,symbol\n2021-01-04,1,AAL\n2021-01-05,1,no symbol\n");
  EXPECT_FALSE(parsed.accepted());
  EXPECT_EQ(parsed.findings.count(Kind::bad_symbol), 1U);
}

TEST(Parse, AHeaderAloneHoldsNoBars) {
  EXPECT_EQ(parse("Date,Close\n").refusal, "no row in it is a usable bar");
}

TEST(Parse, RowsOutOfOrderAreSorted) {
  const Parsed parsed =
      parse("Date,Close\n2021-01-04,1\n2021-01-06,3\n2021-01-05,2\n2021-01-07,4\n");
  EXPECT_TRUE(parsed.accepted());
  EXPECT_EQ(parsed.findings.count(Kind::unsorted), 1U);
  EXPECT_EQ(parsed.findings.list()[0].row, 4U);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(parsed.series[0].bars[i].close, i + 1.0);
}

TEST(Findings, AreCountedAllAndKeptInPart) {
  Findings findings;
  for (std::size_t i = 0; i < 2 * Findings::kListed; ++i) findings.add(Kind::range, 2 * i, "x");
  EXPECT_EQ(findings.count(Kind::range), 2 * Findings::kListed);
  EXPECT_EQ(findings.count(Severity::error), 2 * Findings::kListed);
  EXPECT_EQ(findings.list().size(), Findings::kListed);
}

}  // namespace
}  // namespace ara::ingest
