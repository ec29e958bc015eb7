#include "live/judge.h"

#include <gtest/gtest.h>

#include <cmath>

#include "domain/date.h"
#include "evaluation/distribution.h"

namespace ara::live {
namespace {

domain::Date date(int number) {
  return domain::Date{std::chrono::days{number}};
}

/// Bars of days 0 to `count` - 1 whose logarithms move up and down by 0.01, by turns.
std::vector<domain::Bar> bars(int count, double price = 100) {
  std::vector<domain::Bar> made;
  for (int i = 0; i < count; ++i) {
    domain::Bar bar{.time = date(i)};
    bar.close = i % 2 == 0 ? price : price * std::exp(0.01);
    made.push_back(bar);
  }
  return made;
}

storage::ExpectationRow said(int as_of, int day, domain::QuantileFunction change) {
  return {.key = {domain::Symbol::parse("AAPL").value(), date(as_of), "har-1", day},
          .due = date(as_of + day),
          .price = 100,
          .change = change};
}

TEST(Judge, ScoresAsTheEvaluationDoes) {
  const auto all = bars(61);
  const auto change = domain::QuantileFunction::normal(0.002, 0.02);
  const auto outcome = judge(said(50, 1, change), std::span(all).first(52));
  ASSERT_TRUE(outcome);
  EXPECT_NEAR(outcome->change, 0.01, 1e-12);
  EXPECT_NEAR(outcome->error, std::exp(0.008) - 1, 1e-12);
  EXPECT_DOUBLE_EQ(outcome->crps,
                   evaluation::crps(evaluation::quantiles_of(change), outcome->change));
  // The walk's changes are all of size 0.01, so that is its deviation.
  const auto walk = evaluation::quantiles_of(domain::QuantileFunction::normal(0, 0.01));
  EXPECT_NEAR(outcome->walk_crps, evaluation::crps(walk, outcome->change), 1e-9);
}

TEST(Judge, BarsSinceTheForecastDoNotMoveTheWalk) {
  auto all = bars(60);
  const auto change = domain::QuantileFunction::normal(0, 0.01);
  const auto before = judge(said(50, 2, change), all);
  all[51].close = 5000;
  all[55].close = 5000;
  const auto after = judge(said(50, 2, change), all);
  ASSERT_TRUE(before && after);
  EXPECT_EQ(before->walk_crps, after->walk_crps);
  EXPECT_EQ(before->crps, after->crps);
}

TEST(Judge, TellsWhichIntervalsHoldIt) {
  const auto all = bars(60);
  // The change is 0.01; the 50 % interval of N(0, s) ends at 0.674 s, 80 at 1.282, 90 at 1.645.
  const std::pair<double, unsigned> cases[] = {
      {0.02, 0b1111U}, {0.012, 0b1110U}, {0.007, 0b1100U}, {0.0055, 0b1000U}, {0.004, 0U}};
  for (const auto& [deviation, inside] : cases) {
    const auto outcome = judge(said(50, 1, domain::QuantileFunction::normal(0, deviation)), all);
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->inside, inside) << deviation;
  }
}

TEST(Judge, LevelsAreDifferences) {
  auto all = bars(60);
  for (std::size_t i = 0; i < all.size(); ++i) all[i].close = i % 2 == 0 ? -1 : 1;
  storage::ExpectationRow row = said(50, 1, domain::QuantileFunction::normal(1, 1));
  row.scale = domain::Scale::level;
  row.price = -1;
  EXPECT_FALSE(judge(row, all)) << "a median of 0 has no relative error";
  row.change = domain::QuantileFunction::normal(3, 1);
  const auto outcome = judge(row, all);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->change, 2);
  EXPECT_NEAR(outcome->error, 1.0 / 2 - 1, 1e-12);
}

TEST(Judge, WithoutItsBarsThereIsNoOutcome) {
  auto all = bars(60);
  const auto change = domain::QuantileFunction::normal(0, 0.01);
  EXPECT_FALSE(judge(said(50, 12, change), all)) << "not there yet";
  EXPECT_FALSE(judge(said(1, 1, change), {})) << "no bars";
  auto gap = all;
  gap.erase(gap.begin() + 51);
  EXPECT_FALSE(judge(said(50, 1, change), gap)) << "no bar of the day";
  EXPECT_TRUE(judge(said(50, 2, change), gap));
  gap = all;
  gap.erase(gap.begin() + 50);
  EXPECT_FALSE(judge(said(50, 2, change), gap)) << "no bar of the forecast";
  all[51].close = -1;
  EXPECT_FALSE(judge(said(50, 1, change), all)) << "no logarithm";
}

}  // namespace
}  // namespace ara::live
