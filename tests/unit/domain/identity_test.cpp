// What names things: symbols, revisions, the content of bars, forecast keys.
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <set>

#include "domain/forecast.h"

namespace ara::domain {
namespace {

TEST(Symbol, TakesWhatMarketsUseInUpperCase) {
  for (const char* text : {"AAPL", "BTC-USD", "^GSPC", "EURUSD=X", "BRK.B", "0700.HK", "_X", "A"}) {
    EXPECT_EQ(Symbol::parse(text).value().text(), text);
  }
  EXPECT_EQ(Symbol::parse("brk.b").value().text(), "BRK.B");
  EXPECT_TRUE(Symbol::parse(std::string(32, 'A')).has_value());
}

TEST(Symbol, RefusesTheRestAndSaysWhatIsAllowed) {
  using namespace std::string_literals;
  for (const std::string& text :
       {""s, " "s, "-A"s, ".A"s, "A B"s, "A/B"s, "A'; DROP TABLE"s, "A\n"s, "A\0B"s, "ÄPFEL"s,
        "../A"s, std::string(33, 'A'), "A{B}"s}) {
    const auto symbol = Symbol::parse(text);
    ASSERT_FALSE(symbol.has_value()) << text;
    EXPECT_EQ(symbol.error().code, Code::invalid);
    EXPECT_EQ(symbol.error().field, "symbol");
    EXPECT_NE(symbol.error().allowed.find("32"), std::string::npos);
  }
}

Bar bar_of(int day, double close) {
  Bar bar;
  bar.time = Date{std::chrono::days{day}};
  bar.close = close;
  return bar;
}

TEST(Content, EveryFieldOfABarChangesIt) {
  Bar bar = bar_of(100, 10);
  std::set<std::uint64_t> seen{content_of(bar)};
  const auto changed = [&](auto change) {
    Bar other = bar;
    change(other);
    EXPECT_FALSE(same_bar(bar, other));
    return seen.insert(content_of(other)).second;
  };
  EXPECT_TRUE(changed([](Bar& b) { b.time += std::chrono::seconds{1}; }));
  EXPECT_TRUE(changed([](Bar& b) { b.open = 10; }));
  EXPECT_TRUE(changed([](Bar& b) { b.high = 10; }));
  EXPECT_TRUE(changed([](Bar& b) { b.low = 10; }));
  EXPECT_TRUE(changed([](Bar& b) { b.close = std::nextafter(10.0, 11.0); }));
  EXPECT_TRUE(changed([](Bar& b) { b.adjusted_close = 10; }));
  EXPECT_TRUE(changed([](Bar& b) { b.volume = 10; }));
}

TEST(Content, EveryNotANumberIsTheSame) {
  Bar bar = bar_of(100, 10);
  Bar other = bar;
  other.open = -std::numeric_limits<double>::quiet_NaN();
  other.volume = std::nan("7");
  EXPECT_TRUE(same_bar(bar, other));
  EXPECT_EQ(content_of(bar), content_of(other));
}

TEST(Content, IsTheSameOnEveryMachineAndRelease) {
  Bar bar = bar_of(17000, 123.25);
  bar.open = 120;
  bar.high = 125.5;
  bar.low = 119.75;
  bar.adjusted_close = 61.625;
  bar.volume = 1e6;
  // A change of this number makes every stored revision another: it must not happen unnoticed.
  EXPECT_EQ(content_of(bar), 4032392734186986971ULL);
}

TEST(Revision, TextGoesBothWaysAndNothingElseParses) {
  for (const Revision revision :
       {Revision{}, Revision{7, 0xFFFFFFFFFFFFFFFFULL}, Revision{~0ULL, 1}}) {
    EXPECT_EQ(parse_revision(to_string(revision)), revision) << to_string(revision);
  }
  EXPECT_EQ(to_string(Revision{12, 0xAB}), "12-00000000000000ab");
  for (const char* text : {"", "-", "1-", "1-ab", "x-00000000000000ab", "1-00000000000000ag",
                           "1-00000000000000ab ", "-1-00000000000000ab", "1-000000000000000ab",
                           "99999999999999999999-00000000000000ab", "1-+0000000000000ab"}) {
    EXPECT_FALSE(parse_revision(text).has_value()) << text;
  }
}

ForecastKey key() {
  return {.symbol = Symbol::parse("AAPL").value(), .model_version = "m-1", .revision = {}};
}

TEST(ForecastKey, EveryFieldChangesTheId) {
  std::set<std::string> ids{to_hex(key().id())};
  const std::vector<std::function<void(ForecastKey&)>> changes{
      [](ForecastKey& k) { k.symbol = Symbol::parse("AAPM").value(); },
      [](ForecastKey& k) { k.symbol = Symbol::parse("AAPLA").value(); },
      [](ForecastKey& k) { k.horizon = 6; },
      [](ForecastKey& k) { k.level = AnalysisLevel::full; },
      [](ForecastKey& k) { k.level = AnalysisLevel::basic; },
      [](ForecastKey& k) { k.explanations = false; },
      [](ForecastKey& k) { k.model_version = "m-2"; },
      [](ForecastKey& k) { k.encoding_version = 1; },
      [](ForecastKey& k) { k.revision.counter = 1; },
      [](ForecastKey& k) { k.revision.content = 1; },
      [](ForecastKey& k) { k.market_revision = 1; }};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    ForecastKey other = key();
    changes[i](other);
    EXPECT_TRUE(ids.insert(to_hex(other.id())).second) << "change " << i;
  }
  EXPECT_EQ(key().id(), key().id());
}

TEST(ForecastKey, IdIsTheSameOnEveryMachineAndRelease) {
  // Ids are in links and stored forecasts: the same holds for this one.
  EXPECT_EQ(to_hex(key().id()), "39d04df8fd4fdc10f7fe0b04cde9ea0c");
}

TEST(AnalysisLevel, NamesGoBothWaysAndAliasesAreTaken) {
  for (auto level : {AnalysisLevel::basic, AnalysisLevel::standard, AnalysisLevel::full}) {
    EXPECT_EQ(parse_analysis_level(to_string(level)).value(), level);
  }
  EXPECT_EQ(parse_analysis_level("quick").value(), AnalysisLevel::basic);
  EXPECT_EQ(parse_analysis_level("comprehensive").value(), AnalysisLevel::full);
  EXPECT_EQ(parse_analysis_level("deep").error().field, "analysis_level");
}

TEST(Forecast, PriceContinuesTheLastClose) {
  Forecast forecast{.key = key(), .components = {}, .days = {}};
  forecast.current_price = 50;
  EXPECT_DOUBLE_EQ(forecast.price(0), 50);
  EXPECT_DOUBLE_EQ(forecast.price(std::log(1.1)), 55);
  forecast.scale = Scale::level;
  forecast.current_price = -37;
  EXPECT_DOUBLE_EQ(forecast.price(-1.5), -38.5);
}

TEST(AssetType, NamesGoBothWays) {
  for (const AssetRow& row : asset_types()) {
    EXPECT_EQ(parse_asset_type(row.name).value(), row.type);
    EXPECT_EQ(describe(row.type).name, row.name);
  }
  EXPECT_EQ(parse_asset_type("STOCK").value(), AssetType::stock);
  const auto wrong = parse_asset_type("bond");
  ASSERT_FALSE(wrong.has_value());
  for (const AssetRow& row : asset_types()) {
    EXPECT_NE(wrong.error().allowed.find(row.name), std::string::npos) << row.name;
  }
}

}  // namespace
}  // namespace ara::domain
