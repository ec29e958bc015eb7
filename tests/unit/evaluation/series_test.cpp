#include "evaluation/series.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace ara::evaluation {
namespace {

using testing::HasSubstr;

const models::ModelRow& drift_row() {
  return *models::find_model("drift").value();
}

TEST(PairSeries, FollowsTheTestFile) {
  const std::vector<WideRow> train{{"a", {1, 2, 3}}, {"b", {4, 5, 6}}, {"c", {7, 8, 9}}};
  const std::vector<WideRow> test{{"c", {10}}, {"a", {4}}};
  const auto tasks = pair_series(train, test, 1);
  ASSERT_TRUE(tasks.has_value());
  ASSERT_EQ(tasks->size(), 2U);
  EXPECT_EQ((*tasks)[0].id, "c");
  EXPECT_EQ((*tasks)[0].train, (std::vector<double>{7, 8, 9}));
  EXPECT_EQ((*tasks)[1].test, (std::vector<double>{4}));
}

TEST(PairSeries, RefusesWhatDoesNotFit) {
  const std::vector<WideRow> train{{"a", {1, 2, 3}}, {"b", {4, 5, 6}}};
  const std::vector<WideRow> stranger{{"z", {1}}};
  const auto unknown = pair_series(train, stranger, 1);
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().field, "test");
  EXPECT_THAT(unknown.error().message, HasSubstr("'z'"));
  const std::vector<WideRow> ragged{{"a", {1, 2}}, {"b", {1}}};
  const auto uneven = pair_series(train, ragged, 1);
  ASSERT_FALSE(uneven.has_value());
  EXPECT_THAT(uneven.error().message, HasSubstr("1 values in series b"));
  EXPECT_THAT(uneven.error().message, HasSubstr("2 values in every series"));
  const std::vector<WideRow> good{{"a", {1}}};
  const auto short_one = pair_series(train, good, 3);
  ASSERT_FALSE(short_one.has_value());
  EXPECT_EQ(short_one.error().field, "train");
}

TEST(ScoreSeries, DriftOnALineIsPerfect) {
  const SeriesTask task{"line", {2, 4, 6, 8, 10}, {12, 14}};
  const auto scores = score_series(drift_row(), task, {.season = 1});
  ASSERT_TRUE(scores.has_value());
  EXPECT_NEAR(scores->smape, 0, 1e-12);
  EXPECT_NEAR(scores->mase, 0, 1e-12);
  EXPECT_NEAR(scores->msis, 0, 1e-12);
  EXPECT_TRUE(scores->scaled);
}

TEST(ScoreSeries, UsesTheMedianAndTheStatedIntervals) {
  const SeriesTask task{"zigzag", {1, 3, 2, 4, 3, 5}, {4, 9}};
  const auto scores = score_series(drift_row(), task, {.season = 1});
  ASSERT_TRUE(scores.has_value());
  // Drift 0.8: forecasts 5.8 and 6.6; the scale is (2 + 1 + 2 + 1 + 2) / 5 = 1.6.
  EXPECT_NEAR(scores->mase, (1.8 + 2.4) / 2 / 1.6, 1e-12);
  EXPECT_NEAR(scores->smape, (200 * 1.8 / 9.8 + 200 * 2.4 / 15.6) / 2, 1e-12);
  // Differences less their mean: 1.2, -1.8, 1.2, -1.8, 1.2, variance 10.8 / 4; of a change over h:
  // 2.7 (h + h^2 / 5).
  const double z = 1.959963984540054;
  const double width1 = 2 * z * std::sqrt(2.7 * 1.2);
  const double width2 = 2 * z * std::sqrt(2.7 * 2.8);
  EXPECT_NEAR(scores->msis, (width1 + width2) / 2 / 1.6, 1e-9);
  EXPECT_EQ(scores->coverage_95, 1);
  EXPECT_EQ(scores->coverage_80, 1);
}

TEST(ScoreSeries, TheErrorNamesTheSeries) {
  const SeriesTask task{"short", {1, 2}, {3}};
  const auto scores = score_series(drift_row(), task, {.season = 1});
  ASSERT_FALSE(scores.has_value());
  EXPECT_THAT(scores.error().message, HasSubstr("Series short: "));
}

TEST(ScorePoints, AConstantTrainingPartGivesNoScale) {
  const SeriesTask task{"flat", {5, 5, 5}, {10}};
  const auto scores = score_points(task, std::vector<double>{5}, 1);
  EXPECT_FALSE(scores.scaled);
  EXPECT_NEAR(scores.smape, 1000.0 / 15, 1e-12);
  const std::array both{scores, SeriesScores{.smape = 10, .mase = 2, .msis = 6}};
  const SeriesScores mean = mean_of(both);
  EXPECT_DOUBLE_EQ(mean.smape, (1000.0 / 15 + 10) / 2);
  EXPECT_DOUBLE_EQ(mean.mase, 2);
  EXPECT_DOUBLE_EQ(mean.msis, 6);
}

TEST(Owa, IsTheMeanOfTwoRatios) {
  EXPECT_DOUBLE_EQ(owa({.smape = 9, .mase = 3}, {.smape = 18, .mase = 2}), (0.5 + 1.5) / 2);
  EXPECT_DOUBLE_EQ(absolute_coverage_difference({.coverage_95 = 0.97}), 0.97 - 0.95);
}

}  // namespace
}  // namespace ara::evaluation
