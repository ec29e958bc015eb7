#include "evaluation/naive.h"

#include <gtest/gtest.h>

namespace ara::evaluation {
namespace {

using Values = std::vector<double>;

TEST(Naive, RepeatsTheLastValueOrSeason) {
  EXPECT_EQ(naive(Values{1, 2, 7}, 2), (Values{7, 7}));
  EXPECT_EQ(seasonal_naive(Values{1, 2, 3, 4, 5}, 3, 5), (Values{3, 4, 5, 3, 4}));
  EXPECT_EQ(seasonal_naive(Values{1, 2}, 3, 2), (Values{2, 2}));
}

TEST(Naive2, CarriesAPatternOn) {
  // Level 3, indices 2/3 and 4/3; the sixteenth value is a second of its pair.
  Values train;
  for (int i = 0; i < 16; ++i) train.push_back(i % 2 == 0 ? 2 : 4);
  const auto forecast = naive2(train, 2, 3);
  EXPECT_NEAR(forecast[0], 2, 1e-12);
  EXPECT_NEAR(forecast[1], 4, 1e-12);
  EXPECT_NEAR(forecast[2], 2, 1e-12);
}

TEST(Naive2, TheLevelIsThatOfTheLastAdjustedValue) {
  Values train;
  for (int i = 0; i < 23; ++i) train.push_back(i % 2 == 0 ? 2 : 4);
  train.push_back(5);  // a quarter more than its place would have
  const auto forecast = naive2(train, 2, 2);
  EXPECT_NEAR(forecast[1], 5, 1e-12);
  EXPECT_NEAR(forecast[0], 2.5, 0.1);  // the indices move a little
}

TEST(Naive2, IsNaiveWhereNothingSeasonalCanBeSeen) {
  const Values pair{2, 4, 2, 4, 2};  // fewer than three seasons
  EXPECT_EQ(naive2(pair, 2, 2), (Values{2, 2}));
  const Values flat(30, 5.0);
  EXPECT_EQ(naive2(flat, 4, 2), (Values{5, 5}));
  Values negative;
  for (int i = 0; i < 16; ++i) negative.push_back(i % 2 == 0 ? -2 : 4);
  EXPECT_EQ(naive2(negative, 2, 2), (Values{4, 4}));
  EXPECT_EQ(naive2(Values{1, 2, 3}, 1, 1), (Values{3}));
}

TEST(Naive2, LooksNoFurtherThanTheAutocorrelationsOfR) {
  // 60 values have a pattern of 18, which 10 log10(60) = 17.8 lags do not reach.
  Values train;
  for (int i = 0; i < 60; ++i) train.push_back(1 + i % 18);
  EXPECT_EQ(naive2(train, 18, 1), (Values{train.back()}));
  for (int i = 60; i < 90; ++i) train.push_back(1 + i % 18);
  EXPECT_NE(naive2(train, 18, 1), (Values{train.back()}));
}

}  // namespace
}  // namespace ara::evaluation
