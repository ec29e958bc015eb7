#include "evaluation/point_scores.h"

#include <gtest/gtest.h>

#include <vector>

namespace ara::evaluation {
namespace {

using Values = std::vector<double>;

TEST(PointScores, SmapeByHand) {
  // 200 * 10 / 210 and 200 * 20 / 380.
  EXPECT_NEAR(smape(Values{100, 200}, Values{110, 180}), (2000.0 / 210 + 4000.0 / 380) / 2, 1e-12);
  EXPECT_EQ(smape(Values{0, 5}, Values{0, 5}), 0);
  EXPECT_EQ(smape(Values{-1}, Values{1}), 200);
}

TEST(PointScores, ScaleIsTheMeanSeasonalDifference) {
  EXPECT_DOUBLE_EQ(naive_scale(Values{1, 3, 2, 5}, 1), 2);    // 2, 1, 3
  EXPECT_DOUBLE_EQ(naive_scale(Values{1, 3, 2, 5}, 2), 1.5);  // 1, 2
  EXPECT_EQ(naive_scale(Values{1, 2, 1, 2}, 2), 0);
}

TEST(PointScores, MeanAbsoluteErrorByHand) {
  EXPECT_DOUBLE_EQ(mean_absolute_error(Values{1, 2, 3}, Values{2, 2, 1}), 1);
}

TEST(PointScores, IntervalScoreIsWidthAndTwentyOrFortyTimesTheMiss) {
  const Values low{8, 8, 8};
  const Values high{9, 9, 9};
  // Inside: 1. One above at 95 %: 1 + 40. Half below: 1 + 20.
  EXPECT_DOUBLE_EQ(interval_score(Values{8.5, 10, 7.5}, low, high, 0.05), (1 + 41 + 21) / 3.0);
  EXPECT_DOUBLE_EQ(interval_score(Values{8.5, 10, 7.5}, low, high, 0.2), (1 + 11 + 6) / 3.0);
}

TEST(PointScores, CoverageCountsTheEndsAsInside) {
  EXPECT_DOUBLE_EQ(coverage(Values{8, 9, 9.5, 7}, Values{8, 8, 8, 8}, Values{9, 9, 9, 9}), 0.5);
}

}  // namespace
}  // namespace ara::evaluation
