#include "features/reading.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace ara::features {
namespace {

Signal signal_of(std::string_view name, double value) {
  Values values;
  values.fill(kUndefined);
  const auto at = std::ranges::find(table(), name, &Feature::name) - table().begin();
  values[static_cast<std::size_t>(at)] = value;
  return read(values)[static_cast<std::size_t>(at)].signal;
}

TEST(Reading, BoundsBelongToTheMiddle) {
  EXPECT_EQ(signal_of("rsi", 29.9), Signal::bullish);
  EXPECT_EQ(signal_of("rsi", 30), Signal::neutral);
  EXPECT_EQ(signal_of("rsi", 70), Signal::neutral);
  EXPECT_EQ(signal_of("rsi", 70.1), Signal::bearish);
  EXPECT_EQ(signal_of("close_vs_sma_200", 0.01), Signal::bullish);
  EXPECT_EQ(signal_of("close_vs_sma_200", -0.01), Signal::bearish);
  EXPECT_EQ(signal_of("adx", 30), Signal::high);
  EXPECT_EQ(signal_of("volume_ratio", 0.4), Signal::low);
  EXPECT_EQ(signal_of("volume_ratio", 1), Signal::normal);
}

TEST(Reading, WhatIsUndefinedOrHasNoRuleSaysNothing) {
  EXPECT_EQ(signal_of("rsi", kUndefined), Signal::none);
  EXPECT_EQ(signal_of("volatility", 0.02), Signal::none);
  EXPECT_EQ(signal_of("plus_di", 20), Signal::none) << "minus_di is undefined";
}

TEST(Reading, TheDirectionalLinesAreReadTogether) {
  Values values;
  values.fill(1);
  auto readings = read(values);
  const auto of = [&](std::string_view name) {
    return std::ranges::find(readings, name, [](const Reading& r) { return r.feature->name; })
        ->signal;
  };
  EXPECT_EQ(of("plus_di"), Signal::neutral);
  for (std::size_t i = 0; i < kFeatures; ++i) {
    if (table()[i].name == "minus_di") values[i] = 2;
  }
  readings = read(values);
  EXPECT_EQ(of("plus_di"), Signal::bearish);
  EXPECT_EQ(of("minus_di"), Signal::bearish);
}

TEST(Reading, AllFeaturesInTheirOrderEachDescribed) {
  const auto readings = read(Values{});
  ASSERT_EQ(readings.size(), kFeatures);
  std::size_t ruled = 0;
  for (std::size_t i = 0; i < kFeatures; ++i) {
    EXPECT_EQ(readings[i].feature, &table()[i]);
    EXPECT_TRUE(readings[i].description.starts_with(table()[i].definition));
    ruled += readings[i].signal == Signal::none ? 0 : 1;
  }
  // A rule whose name is no feature's would be missing here.
  EXPECT_EQ(ruled, 32U);
}

}  // namespace
}  // namespace ara::features
