// Real sound files: they land whole, and nothing is found in them that is not there.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/format.h"
#include "ingest/parse.h"
#include "ingest/source.h"
#include "support/shared_data.h"

namespace ara::ingest {
namespace {

using domain::AssetType;

Parsed parse(const std::string& path, OnError on_error = OnError::stop) {
  const auto text = read_text(path);
  EXPECT_TRUE(text);
  Options options;
  options.name = path;
  options.today = domain::Date{std::chrono::year{2026} / 1 / 1};
  options.on_error = on_error;
  auto parsed = parse_csv(*text, options);
  EXPECT_TRUE(parsed) << path << ": " << parsed.error().message;
  return parsed ? *std::move(parsed) : Parsed{};
}

std::string first_finding(const Parsed& parsed) {
  return parsed.findings.none() ? "" : parsed.findings.list()[0].message;
}

struct Folder {
  const char* name;
  std::size_t files;
  AssetType asset_type;
};

class CleanFolder : public testing::TestWithParam<Folder> {};

// All bars of every file, compared with those of a reader that knows only this one layout.
TEST_P(CleanFolder, LandsWithoutAFinding) {
  ARA_NEEDS_SHARED_DATA();
  const auto files = find_files({support::shared_data(GetParam().name).string()});
  ASSERT_TRUE(files);
  ASSERT_EQ(files->size(), GetParam().files);
  for (const std::string& file : *files) {
    const Parsed parsed = parse(file);
    EXPECT_TRUE(parsed.accepted()) << file << ": " << parsed.refusal;
    EXPECT_TRUE(parsed.findings.none()) << file << ": " << first_finding(parsed);
    ASSERT_EQ(parsed.series.size(), 1U);
    const ParsedSeries& series = parsed.series[0];
    EXPECT_EQ(series.symbol.text(), std::filesystem::path(file).stem().string());
    EXPECT_EQ(series.asset_type, GetParam().asset_type) << file;
    const auto expected = support::read_bars(file);
    ASSERT_EQ(series.bars.size(), expected.size()) << file;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      ASSERT_TRUE(domain::same_bar(series.bars[i], expected[i])) << file << ", bar " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shared, CleanFolder,
                         testing::Values(Folder{"equities", 110, AssetType::stock},
                                         Folder{"crypto", 12, AssetType::crypto},
                                         Folder{"fx", 10, AssetType::forex}),
                         [](const auto& tested) { return std::string(tested.param.name); });

// The sixteen moves beyond 40 % are real, so a check that finds none must have looked: the same
// files with a split put into them are refused.
TEST(Equities, ASplitPutIntoThemIsFound) {
  ARA_NEEDS_SHARED_DATA();
  const auto files = find_files({support::shared_data("equities").string()});
  ASSERT_TRUE(files);
  std::size_t found = 0;
  std::size_t tried = 0;
  for (const std::string& file : *files) {
    // A calm year, so that the day of the split is an ordinary one, as it was for real ones.
    auto bars = support::read_bars(file);
    std::erase_if(bars, [](const domain::Bar& bar) {
      return std::chrono::year_month_day{domain::date_of(bar.time)}.year() !=
             std::chrono::year{2017};
    });
    for (double ratio : {1.5, 2., 3., 4., 10., 20.}) {
      std::string text = "date,open,high,low,close,volume\n";
      for (const domain::Bar& bar : bars) {
        const std::string day = domain::to_iso(domain::date_of(bar.time));
        const double scale = day < "2017-07-03" ? ratio : 1;
        text += ara::format("{},{},{},{},{},{}\n", day, bar.open * scale, bar.high * scale,
                            bar.low * scale, bar.close * scale, bar.volume);
      }
      Options options;
      options.name = "X.csv";
      const auto parsed = parse_csv(text, options);
      ASSERT_TRUE(parsed);
      ++tried;
      found += parsed->findings.count(Kind::unadjusted_split) == 1;
    }
  }
  EXPECT_GE(found * 100, tried * 99) << found << " of " << tried;
}

TEST(Macro, IndexesLandAndRealFaultsAreFound) {
  ARA_NEEDS_SHARED_DATA();
  const auto path = [](const char* name) {
    return support::shared_data(std::string("macro/") + name).string();
  };
  const Parsed sp500 = parse(path("SP500.csv"));
  EXPECT_TRUE(sp500.accepted());
  EXPECT_TRUE(sp500.findings.none()) << first_finding(sp500);
  EXPECT_EQ(sp500.series[0].asset_type, AssetType::index);

  // 47 rows of the source break the order of open, high, low and close.
  const Parsed vix = parse(path("VIX.csv"));
  EXPECT_FALSE(vix.accepted());
  EXPECT_EQ(vix.findings.count(Kind::range), 47U);
  EXPECT_EQ(vix.series[0].asset_type, AssetType::index);
  const Parsed vix_skipped = parse(path("VIX.csv"), OnError::skip);
  EXPECT_TRUE(vix_skipped.accepted());
  EXPECT_EQ(vix_skipped.bars(), 8061U - 47U);
}

TEST(Macro, CommoditiesLandWithTheirOddities) {
  ARA_NEEDS_SHARED_DATA();
  const auto path = [](const char* name) {
    return support::shared_data(std::string("macro/") + name).string();
  };
  const Parsed wti = parse(path("WTI.csv"));
  EXPECT_TRUE(wti.accepted());
  EXPECT_EQ(wti.findings.count(Kind::negative_price), 1U);
  EXPECT_EQ(wti.findings.list().size(), 1U);
  EXPECT_NE(first_finding(wti).find("-36.98"), std::string::npos);

  const Parsed gas = parse(path("NATGAS.csv"));
  EXPECT_TRUE(gas.accepted());
  EXPECT_EQ(gas.findings.count(Kind::empty), 1U);  // 2018-01-05
  EXPECT_EQ(gas.findings.count(Kind::gap), 1U);    // 2005-09-22 to 2005-10-07, after the hurricanes
  EXPECT_EQ(gas.findings.count(Kind::stale), 1U);  // 2.40 for eleven days of December 2001
  EXPECT_EQ(gas.findings.list().size(), 3U);

  const Parsed brent = parse(path("BRENT.csv"));
  EXPECT_TRUE(brent.accepted());
  EXPECT_TRUE(brent.findings.none()) << first_finding(brent);
  for (const Parsed* parsed : {&wti, &gas, &brent}) {
    EXPECT_EQ(parsed->series[0].asset_type, AssetType::commodity);
  }
}

}  // namespace
}  // namespace ara::ingest
