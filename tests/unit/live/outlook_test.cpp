#include "live/outlook.h"

#include <gtest/gtest.h>

#include <cmath>

namespace ara::live {
namespace {

TEST(Outlook, ReadsTheFirstDay) {
  const auto outlook = read_outlook(
      R"({"id":"a","as_of":"2026-01-02","current_price":10,"revision":"3-x","predictions":[)"
      R"({"probability_of_rise":0.51,"volatility":0.3,"predicted_return":null},{"volatility":9}]})");
  ASSERT_TRUE(outlook);
  EXPECT_EQ(outlook->id, "a");
  EXPECT_EQ(outlook->revision, "3-x");
  EXPECT_EQ(value_of(*outlook, streams::Metric::price), 10);
  EXPECT_EQ(value_of(*outlook, streams::Metric::probability_of_rise), 0.51);
  EXPECT_EQ(value_of(*outlook, streams::Metric::volatility), 0.3);
  EXPECT_TRUE(std::isnan(value_of(*outlook, streams::Metric::predicted_return)));
}

TEST(Outlook, WhatIsNoForecastIsAnError) {
  for (const char* text : {"", "{}", "[]", R"({"predictions":[]})"}) {
    EXPECT_FALSE(read_outlook(text)) << text;
  }
}

TEST(Outlook, AConditionIsStrictAndNeverHoldsOfNothing) {
  using streams::Condition;
  EXPECT_TRUE(holds(Condition::above, 2, 1));
  EXPECT_FALSE(holds(Condition::above, 1, 1));
  EXPECT_TRUE(holds(Condition::below, 0, 1));
  EXPECT_FALSE(holds(Condition::below, 1, 1));
  EXPECT_FALSE(holds(Condition::above, std::nan(""), 1));
  EXPECT_FALSE(holds(Condition::below, std::nan(""), 1));
}

}  // namespace
}  // namespace ara::live
