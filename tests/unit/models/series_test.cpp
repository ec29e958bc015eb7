// Autoregressions, trigonometric seasonality and the combination for general series, on series
// whose truth is known.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "base/rng.h"
#include "models/model.h"
#include "models/series_pool.h"
#include "support/shared_data.h"

namespace ara::models {
namespace {

constexpr int kDay = 24;
constexpr int kWeek = 168;
const Setting kHourly{.scale = domain::Scale::level, .season = kDay};

/// A load of 100 with a day of 30, at weekends of only 10, and normal noise of 2.
double pattern(std::size_t hour) {
  const double size = hour % kWeek < 5 * kDay ? 30 : 10;
  return 100 + size * std::sin(2 * std::numbers::pi * static_cast<double>(hour) / kDay);
}

std::vector<double> load(std::size_t count, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<double> values;
  for (std::size_t i = 0; i < count; ++i) {
    const double noise = domain::normal_quantile(1e-9 + (1 - 2e-9) * rng.uniform());
    values.push_back(pattern(i) + 2 * noise);
  }
  return values;
}

double mean_error(const Path& path, const std::vector<double>& values) {
  double sum = 0;
  for (std::size_t h = 0; h < path.change.size(); ++h) {
    const double forecast = values.back() + path.change[h].median();
    sum += std::abs(forecast - pattern(values.size() + h)) / static_cast<double>(kWeek);
  }
  return sum;
}

class Hourly : public testing::TestWithParam<const char*> {};

TEST_P(Hourly, DayAndWeekAreForetold) {
  const auto values = load(6 * kWeek, 5);
  const auto model =
      fit(*find_model(GetParam()).value(), support::bars_of(values), kHourly).value();
  // The mean distance of yesterday's hour from today's is above 7, of the noise 1.6.
  EXPECT_LT(mean_error(model->forecast(kWeek), values), 2.5);
}

TEST_P(Hourly, UpdatingIsReplayingToTheBit) {
  const auto bars = support::bars_of(load(6 * kWeek, 6));
  const auto& row = *find_model(GetParam()).value();
  const auto carried = fit(row, std::span(bars).first(5 * kWeek), kHourly).value();
  for (const auto& bar : std::span(bars).subspan(5 * kWeek)) {
    ASSERT_TRUE(carried->update(bar).has_value());
  }
  const auto anew = carried->restarted();
  for (const auto& bar : bars) ASSERT_TRUE(anew->update(bar).has_value());
  const auto a = carried->forecast(50), b = anew->forecast(50);
  for (std::size_t h = 0; h < 50; ++h) EXPECT_EQ(a.change[h].values(), b.change[h].values());
  EXPECT_EQ(carried->next().values(), a.change[0].values());
}

INSTANTIATE_TEST_SUITE_P(Models, Hourly, testing::Values("ar", "seasonal_ar", "tbats", "series"),
                         [](const auto& one) { return std::string(one.param); });

TEST(Autoregression, WeightsOfAnAr2AreRecovered) {
  Rng rng(9);
  std::vector<double> values{0, 0};
  for (int i = 0; i < 4000; ++i) {
    const double noise = domain::normal_quantile(1e-9 + (1 - 2e-9) * rng.uniform());
    values.push_back(1.2 * values[values.size() - 1] - 0.5 * values[values.size() - 2] + noise);
  }
  const auto model =
      fit(*find_model("ar").value(), support::bars_of(values), {.scale = domain::Scale::level})
          .value();
  const double last = values.back(), before = values[values.size() - 2];
  EXPECT_NEAR(last + model->forecast(1).change[0].median(), 1.2 * last - 0.5 * before, 0.15);
  EXPECT_NEAR(model->forecast(1).sd[0], 1, 0.05);
  // The impulse response of the truth is 1, 1.2, 0.94, 0.528, …
  EXPECT_NEAR(model->forecast(3).sd[2], std::sqrt(1 + 1.44 + 0.8836), 0.1);
}

TEST(Series, IntervalsHoldWhatTheyPromise) {
  std::size_t inside95 = 0, inside80 = 0, count = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    auto values = load(5 * kWeek, seed);
    const std::vector<double> future(values.end() - 2 * kDay, values.end());
    values.resize(values.size() - 2 * kDay);
    const auto path =
        fit(*find_model("series").value(), support::bars_of(values), kHourly).value()->forecast(48);
    for (std::size_t h = 0; h < future.size(); ++h) {
      const double change = future[h] - values.back();
      const auto& q = path.change[h];
      inside95 += change >= q.at(0.025) && change <= q.at(0.975);
      inside80 += change >= q.at(0.1) && change <= q.at(0.9);
      ++count;
    }
  }
  EXPECT_NEAR(static_cast<double>(inside95) / static_cast<double>(count), 0.95, 0.03);
  EXPECT_NEAR(static_cast<double>(inside80) / static_cast<double>(count), 0.80, 0.07);
}

TEST(Series, ShortSamplesAreForecastWhateverTheSeason) {
  const auto values = load(60, 8);
  for (int season : {1, 2, 4, 7, 12, 24, 52, 168, 10000}) {
    for (std::size_t count : {6u, 7u, 9u, 13u, 30u, 60u}) {
      const auto bars = support::bars_of({values.begin(), values.begin() + count});
      const auto model = fit(*find_model("series").value(), bars,
                             {.scale = domain::Scale::level, .season = season});
      ASSERT_TRUE(model.has_value()) << season << ", " << count;
      const auto path = (*model)->forecast(20);
      for (const auto& change : path.change) {
        EXPECT_TRUE(std::isfinite(change.at(0.025)) && std::isfinite(change.at(0.975)));
        EXPECT_LT(change.at(0.025), change.at(0.975));
      }
    }
  }
}

TEST(Series, WhatNeverWasNegativeIsNotExpectedToBe) {
  std::vector<double> values = load(4 * kWeek, 3);
  for (double& value : values) value = std::max(0.0, value - 110);
  const auto path =
      fit(*find_model("series").value(), support::bars_of(values), kHourly).value()->forecast(48);
  for (const auto& change : path.change) EXPECT_GE(values.back() + change.values().front(), -1e-9);
}

TEST(Midmean, IsOfTheMiddleHalfOfTheWeights) {
  const std::vector<double> four{9, 1, 4, 100};
  EXPECT_DOUBLE_EQ(midmean(four, std::vector<double>(4, 0.25)), 6.5);
  EXPECT_DOUBLE_EQ(midmean(four, std::vector<double>{1, 0, 0, 0}), 9);
  const std::vector<double> two{2, 6};
  EXPECT_DOUBLE_EQ(midmean(two, std::vector<double>{0.5, 0.5}), 4);
  EXPECT_DOUBLE_EQ(midmean(two, std::vector<double>{0.6, 0.4}), 2 + 4 * 0.3);
}

}  // namespace
}  // namespace ara::models
