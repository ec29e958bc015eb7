#include "ingest/check.h"

#include <gtest/gtest.h>

#include <cmath>

#include "domain/calendar.h"

namespace ara::ingest {
namespace {

using domain::AssetType;
using domain::Market;

/// `count` sessions of a steady market at about 100.
Group steady(std::size_t count, Market market = Market::us_equities) {
  Group group{*domain::Symbol::parse("X"), {}, {}};
  domain::Date day{std::chrono::year{2021} / 1 / 3};
  for (std::size_t i = 0; i < count; ++i) {
    day = domain::next_sessions(market, day, 1)[0];
    Row row;
    row.line = static_cast<std::uint32_t>(i + 2);
    row.bar.time = day;
    row.bar.close = 100 + std::sin(static_cast<double>(i));
    row.bar.open = row.bar.close - 0.5;
    row.bar.high = row.bar.close + 1;
    row.bar.low = row.bar.close - 1;
    group.rows.push_back(row);
  }
  return group;
}

void scale(Row& row, double factor) {
  for (double domain::Bar::* price :
       {&domain::Bar::open, &domain::Bar::high, &domain::Bar::low, &domain::Bar::close}) {
    row.bar.*price *= factor;
  }
}

Findings check(const Group& group, AssetType type = AssetType::stock, bool keep = false) {
  Findings findings;
  check_series(group, type, keep, findings);
  return findings;
}

class SplitRatio : public testing::TestWithParam<double> {};

TEST_P(SplitRatio, IsFound) {
  for (double factor : {GetParam(), 1 / GetParam()}) {
    Group group = steady(40);
    for (std::size_t i = 20; i < 40; ++i) scale(group.rows[i], factor);
    const Findings findings = check(group);
    ASSERT_EQ(findings.count(Kind::unadjusted_split), 1U) << factor;
    EXPECT_EQ(findings.list()[0].row, 22U);
    EXPECT_EQ(findings.list()[0].severity, Severity::error);
    EXPECT_EQ(check(group, AssetType::stock, true).count(Severity::error), 0U);
    EXPECT_EQ(check(group, AssetType::index).count(Kind::unadjusted_split), 0U);
  }
}

INSTANTIATE_TEST_SUITE_P(Ratios, SplitRatio,
                         testing::Values(1.5, 2., 3., 4., 5., 7., 10., 20., 50.));

TEST(Splits, TheMessageNamesTheRatio) {
  Group group = steady(40);
  for (std::size_t i = 20; i < 40; ++i) scale(group.rows[i], 1 / 20.0);
  EXPECT_NE(check(group).list()[0].message.find("20:1"), std::string::npos);
}

TEST(Splits, AnAdjustedCloseExplainsThem) {
  Group group = steady(40);
  for (std::size_t i = 0; i < 40; ++i) {
    group.rows[i].bar.adjusted_close = group.rows[i].bar.close / (i < 20 ? 4 : 1);
    if (i >= 20) scale(group.rows[i], 0.25);
  }
  for (std::size_t i = 20; i < 40; ++i) {
    group.rows[i].bar.adjusted_close = group.rows[i].bar.close;
  }
  EXPECT_TRUE(check(group).none());
}

TEST(Splits, APriceThatComesBackIsNone) {
  Group group = steady(40);
  scale(group.rows[20], 0.5);
  EXPECT_EQ(check(group).count(Kind::unadjusted_split), 0U);
}

TEST(Splits, ACrashInTheCourseOfADayIsNone) {
  Group group = steady(40);
  for (std::size_t i = 20; i < 40; ++i) scale(group.rows[i], 0.5);
  group.rows[20].bar.open = group.rows[20].bar.high = 90;  // fell by half after the open
  EXPECT_EQ(check(group).count(Kind::unadjusted_split), 0U);
}

TEST(Splits, AnOddRatioIsNone) {
  Group group = steady(40);
  for (std::size_t i = 20; i < 40; ++i) scale(group.rows[i], 0.58);
  EXPECT_TRUE(check(group).none());
}

TEST(Jumps, AnotherScaleIsFound) {
  Group group = steady(40);
  for (std::size_t i = 20; i < 40; ++i) scale(group.rows[i], 1000);
  EXPECT_EQ(check(group).count(Kind::jump), 1U);
  EXPECT_EQ(check(group, AssetType::index).count(Kind::jump), 1U);
}

TEST(Gaps, MissingSessionsAreCounted) {
  Group group = steady(40);
  group.rows.erase(group.rows.begin() + 10, group.rows.begin() + 13);
  const Findings findings = check(group);
  ASSERT_EQ(findings.count(Kind::gap), 1U);
  EXPECT_NE(findings.list()[0].message.find("3 sessions"), std::string::npos);
  EXPECT_EQ(findings.list()[0].row, 11U);
  EXPECT_EQ(findings.list()[0].last_row, 15U);
}

TEST(Gaps, HolidaysAreNone) {
  // 2021-01-18 and 2021-02-15 are holidays of the New York Stock Exchange.
  EXPECT_TRUE(check(steady(60)).none());
  EXPECT_EQ(check(steady(60), AssetType::forex).count(Kind::gap), 2U);
  EXPECT_TRUE(check(steady(60, Market::always_open), AssetType::crypto).none());
}

TEST(Gaps, ARowInErrorIsNoGap) {
  Group group = steady(40);
  group.in_error.push_back(domain::date_of(group.rows[10].bar.time));
  group.rows.erase(group.rows.begin() + 10);
  EXPECT_TRUE(check(group).none());
}

TEST(OffSession, WeekendBarsOfAStockAreFound) {
  const Group group = steady(40, Market::always_open);
  EXPECT_EQ(check(group).count(Kind::off_session), 1U);
}

TEST(Stale, FiveEqualBarsAreFound) {
  Group group = steady(40);
  for (std::size_t i = 11; i < 14; ++i) {
    const auto time = group.rows[i].bar.time;
    group.rows[i].bar = group.rows[10].bar;
    group.rows[i].bar.time = time;
  }
  EXPECT_EQ(check(group).count(Kind::stale), 0U);
  const auto time = group.rows[14].bar.time;
  group.rows[14].bar = group.rows[10].bar;
  group.rows[14].bar.time = time;
  const Findings findings = check(group);
  ASSERT_EQ(findings.count(Kind::stale), 1U);
  EXPECT_EQ(findings.list()[0].row, 12U);
  EXPECT_EQ(findings.list()[0].last_row, 16U);
}

TEST(CheckBar, AbsentFieldsAreNotChecked) {
  domain::Bar bar;
  bar.close = 5;
  EXPECT_FALSE(check_bar(bar, AssetType::stock));
}

TEST(OrderRows, TheFirstOfTwoInTheFileStays) {
  Group group = steady(3);
  Row second = group.rows[1];
  second.line = 9;
  second.bar.close += 0.1;
  group.rows.push_back(second);
  std::swap(group.rows[0], group.rows[2]);
  Findings findings;
  EXPECT_EQ(order_rows(group.rows, findings), 0U);
  ASSERT_EQ(group.rows.size(), 3U);
  EXPECT_EQ(group.rows[1].line, 3U);
  EXPECT_EQ(findings.count(Kind::conflicting_duplicate), 1U);
}

}  // namespace
}  // namespace ara::ingest
