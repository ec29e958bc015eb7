// Real broken files, and the verdict on each: what must be found in it, in which rows, and whether
// it may land.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "ingest/parse.h"
#include "ingest/source.h"
#include "support/shared_data.h"

namespace ara::ingest {
namespace {

/// A finding that must be among those kept, by its rows.
struct Expected {
  Kind kind;
  std::size_t row;
  std::size_t last_row;
};

struct Verdict {
  const char* file;
  const char* symbol;
  bool accepted;            ///< as it is
  bool accepted_with_skip;  ///< with --on-error skip
  std::size_t rows;
  std::size_t sound_bars;              ///< what lands, if it does
  std::map<Kind, std::size_t> counts;  ///< all of them: what is not here must not be found
  std::vector<Expected> findings;
};

/// Named in test listings by its file, not by its bytes.
void PrintTo(const Verdict& verdict, std::ostream* out) {
  *out << verdict.file;
}

using enum Kind;

const std::vector<Verdict> kVerdicts{
    // Points for commas and the point lost: 14.748.800.659.179.600 was 147.4880…. 123 rows have
    // only whole or short numbers and read by chance, far too few to take.
    {"coin_Bitcoin_mangled_thousands.csv",
     "BTC",
     false,
     false,
     2991,
     123,
     {{bad_number, 2868}},
     {{bad_number, 2, 101}, {bad_number, 103, 1919}, {bad_number, 2042, 2992}}},
    // Dates from 2014 on without values, two days with, 69 without, and
    // then sound bars.
    {"crypto_AVAX_nan_head_gap.csv",
     "AVAX-USD",
     true,
     true,
     2708,
     513,
     {{empty, 2195}, {gap, 1}},
     {{empty, 2, 2127}, {empty, 2130, 2198}, {gap, 2129, 2199}}},
    // Days written twice with other volumes (one of them, row 6055, opens below its low), one day
    // of nulls, one absent, and the 20:1 split of 2022-06-06.
    {"kcjpop_AMZN_dup_rows_unadjusted_split.csv",
     "AMZN",
     false,
     true,
     6234,
     6188,
     {{range, 1}, {conflicting_duplicate, 44}, {unadjusted_split, 1}, {empty, 1}, {gap, 2}},
     {{range, 6055, 6055},
      {conflicting_duplicate, 5559, 5559},
      {unadjusted_split, 5683, 5683},
      {empty, 5556, 5556},
      {gap, 5555, 5557},
      {gap, 6039, 6040}}},
    // An HTML error page between two days, on top of the same faults.
    {"kcjpop_CCL_html_inside.csv",
     "CCL",
     false,
     true,
     6370,
     6186,
     {{malformed, 137}, {range, 2}, {conflicting_duplicate, 44}, {empty, 1}, {gap, 3}},
     {{malformed, 5705, 5752},
      {range, 5610, 5610},
      {range, 5648, 5648},
      {gap, 5704, 5850},
      {gap, 6183, 6184}}},
    // Ten JSON error messages of seven lines.
    {"kcjpop_MMM_json_inside.csv",
     "MMM",
     false,
     true,
     6292,
     6178,
     {{malformed, 70}, {conflicting_duplicate, 43}, {empty, 1}, {gap, 12}},
     {{malformed, 5570, 5576}, {malformed, 5747, 5753}, {gap, 5568, 5577}}},
    // Newest first, 19-Sep-03: nothing wrong.
    {"mpl_msft_ddMonyy_descending.csv", "MSFT", true, true, 65, 65, {}, {}},
    // One thing of each: a stale run, five scales, no dates, closes below the low, negative
    // prices and volume, zeros, empty rows.
    {"si_bad.csv",
     "SPY",
     false,
     true,
     502,
     337,
     {{bad_date, 50},
      {not_positive, 54},
      {range, 9},
      {negative_volume, 1},
      {jump, 3},
      {empty, 51},
      {gap, 2},
      {stale, 1}},
     {{bad_date, 202, 251},
      {not_positive, 356, 356},
      {not_positive, 358, 359},
      {not_positive, 400, 450},
      {range, 252, 257},
      {range, 361, 363},
      {negative_volume, 360, 360},
      {jump, 102, 102},
      {jump, 152, 152},
      {jump, 302, 302},
      {empty, 451, 501},
      {gap, 201, 258},
      {gap, 399, 502},
      {stale, 52, 101}}},
    // Newest first, 1950 to 2012: nothing wrong.
    {"si_longest_sp500_1950_2012_descending.csv", "SP500", true, true, 15821, 15821, {}, {}},
    // Nothing but zeros.
    {"si_zeros.csv", "ZERO", false, false, 200, 0, {{not_positive, 200}}, {{not_positive, 2, 201}}},
};

class DirtyFile : public testing::TestWithParam<Verdict> {
 protected:
  Parsed parse(OnError on_error) {
    const auto text =
        read_text(support::shared_data(std::string("dirty/") + GetParam().file).string());
    EXPECT_TRUE(text);
    Options options;
    options.symbol = *domain::Symbol::parse(GetParam().symbol);
    options.today = domain::Date{std::chrono::year{2026} / 1 / 1};
    options.on_error = on_error;
    auto parsed = parse_csv(*text, options);
    EXPECT_TRUE(parsed) << parsed.error().message;
    return *std::move(parsed);
  }
};

TEST_P(DirtyFile, GetsItsVerdict) {
  ARA_NEEDS_SHARED_DATA();
  const Verdict& verdict = GetParam();
  const Parsed parsed = parse(OnError::stop);
  EXPECT_EQ(parsed.accepted(), verdict.accepted) << parsed.refusal;
  EXPECT_EQ(parsed.rows, verdict.rows);
  for (const KindRow& kind : kinds()) {
    const auto expected = verdict.counts.find(kind.kind);
    EXPECT_EQ(parsed.findings.count(kind.kind),
              expected == verdict.counts.end() ? 0 : expected->second)
        << kind.name;
  }
  for (const Expected& expected : verdict.findings) {
    const bool found = std::ranges::any_of(parsed.findings.list(), [&](const Finding& finding) {
      return finding.kind == expected.kind && finding.row == expected.row &&
             finding.last_row == expected.last_row;
    });
    EXPECT_TRUE(found) << describe(expected.kind).name << " in rows " << expected.row << " to "
                       << expected.last_row;
  }
}

TEST_P(DirtyFile, LandsWithoutItsBadRowsOrNotAtAll) {
  ARA_NEEDS_SHARED_DATA();
  const Parsed parsed = parse(OnError::skip);
  EXPECT_EQ(parsed.accepted(), GetParam().accepted_with_skip) << parsed.refusal;
  EXPECT_EQ(parsed.bars(), GetParam().sound_bars);
  for (const ParsedSeries& series : parsed.series) {
    for (std::size_t i = 1; i < series.bars.size(); ++i) {
      ASSERT_LT(series.bars[i - 1].time, series.bars[i].time);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Files, DirtyFile, testing::ValuesIn(kVerdicts), [](const auto& tested) {
  std::string name = tested.param.file;
  std::erase_if(name, [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); });
  return name;
});

TEST(DirtyFiles, AreAllInTheTable) {
  ARA_NEEDS_SHARED_DATA();
  const auto files = find_files({support::shared_data("dirty").string()});
  ASSERT_TRUE(files);
  EXPECT_EQ(files->size(), kVerdicts.size());
}

}  // namespace
}  // namespace ara::ingest
