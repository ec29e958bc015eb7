// What the range-based regressions take from a bar beside its close.
#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"
#include "models/har_state.h"
#include "models/model.h"
#include "support/garch_bars.h"

namespace ara::models {
namespace {

struct Made {
  std::vector<domain::Bar> bars;
  std::vector<MarketFactors> market;
};

/// A price whose volatility follows yesterday's market factor; ranges tell the day's volatility.
Made made(std::size_t count) {
  Made made;
  Rng rng(5);
  const auto normal = [&] { return domain::normal_quantile(1e-9 + (1 - 2e-9) * rng.uniform()); };
  double factor = 0, value = 4;
  for (std::size_t i = 0; i < count; ++i) {
    const double sd = 0.01 * std::exp(0.5 * factor);
    factor = 0.6 * factor + 0.6 * normal();
    made.market.push_back({.volatility = factor});
    domain::Bar bar;
    bar.time = domain::Date{std::chrono::days{10000 + static_cast<int>(i)}};
    double low = value, high = value;
    bar.open = std::exp(value);
    for (int step = 0; step < 16; ++step) {
      value += sd / 4 * normal();
      low = std::min(low, value);
      high = std::max(high, value);
    }
    bar.low = std::exp(low);
    bar.high = std::exp(high);
    bar.close = std::exp(value);
    made.bars.push_back(bar);
  }
  return made;
}

TEST(Har, WidensWithTheMarketThatMovesIt) {
  const Made data = made(1000);
  const ModelRow& row = *find_model("har").value();
  const auto calm = fit(row, data.bars, {}, data.market).value();
  const auto wild = calm->clone();
  auto next = data.bars.back();
  next.time += std::chrono::days{1};
  ASSERT_TRUE(calm->update(next, {.volatility = -1}).has_value());
  ASSERT_TRUE(wild->update(next, {.volatility = 1}).has_value());
  EXPECT_NEAR(wild->forecast(1).sd[0] / calm->forecast(1).sd[0], std::exp(1), 0.5);
}

TEST(Har, ForecastsBetterWithTheMarketThanWithout) {
  const Made data = made(1500);
  const ModelRow& row = *find_model("har").value();
  const auto bars = std::span(data.bars);
  const auto with = fit(row, bars.first(1000), {}, std::span(data.market).first(1000)).value();
  const auto without = fit(row, bars.first(1000), {}).value();
  double loss_with = 0, loss_without = 0;  // QLIKE (Patton 2011)
  for (std::size_t i = 1000; i < 1500; ++i) {
    const double change = value_of(bars[i], {}) - value_of(bars[i - 1], {});
    const auto loss = [&](const Model& model) {
      const double variance = std::pow(model.forecast(1).sd[0], 2);
      return change * change / variance + std::log(variance);
    };
    loss_with += loss(*with) / 500;
    loss_without += loss(*without) / 500;
    ASSERT_TRUE(with->update(bars[i], data.market[i]).has_value());
    ASSERT_TRUE(without->update(bars[i]).has_value());
  }
  EXPECT_LT(loss_with, loss_without - 0.1);
}

TEST(Har, TheMeanIsDrawnToThePremium) {
  const Made data = made(700);
  const ModelRow& row = *find_model("har").value();
  const Path without = fit(row, data.bars, {.premium = 0}).value()->forecast(10);
  const Path with = fit(row, data.bars, {.premium = 0.1}).value()->forecast(10);
  const double belief = 640.0 / (640 + 1260);
  for (std::size_t h : {1u, 10u}) {
    const auto& low = without.change[h - 1].values();
    const auto& high = with.change[h - 1].values();
    const double shift = high[11] - low[11];
    EXPECT_NEAR(shift / (with.sd[h - 1] * std::sqrt(h)), (1 - belief) * 0.1, 0.02) << h;
    for (std::size_t i = 0; i < low.size(); ++i) EXPECT_NEAR(high[i] - low[i], shift, 1e-12);
    EXPECT_EQ(with.sd[h - 1], without.sd[h - 1]);
  }
}

TEST(Har, TheMeanIsTheSamplesOwnWhereNoPremiumIsKnown) {
  const Made data = made(700);
  const ModelRow& row = *find_model("har").value();
  const auto own = fit(row, data.bars, {}).value();
  const auto drawn = fit(row, data.bars, {.premium = 0}).value();
  const double belief = 639.0 / (639 + 1260);
  for (std::size_t i : {100u, 699u}) {
    const double last = value_of(data.bars[i - 1], {});
    EXPECT_NEAR(drawn->fitted()[i] - last, belief * (own->fitted()[i] - last), 1e-12) << i;
  }
}

TEST(HarState, TellsNothingOfWhatABarLacks) {
  HarState state;
  for (const auto& bar : support::garch_bars(400)) {
    state.advance({bar, value_of(bar, {}), {}}, domain::Scale::log);
  }
  const auto x = state.features();
  EXPECT_EQ(x[0], 1);
  for (std::size_t i : {10u, 11u, 12u, 13u, 14u, 15u, 26u, 27u, 28u, 29u}) EXPECT_EQ(x[i], 0) << i;
  EXPECT_NE(x[1], 0);
}

TEST(HarState, RecurrenceRemembersWhatHappenedAQuarterAgo) {
  auto bars = support::bars_of({});
  Rng rng(3);
  double value = 4;
  for (int i = 0; i < 400; ++i) {
    domain::Bar bar;
    bar.time = domain::Date{std::chrono::days{10000 + i}};
    value += (rng.uniform() - 0.5) * (i % 63 == 10 ? 0.5 : 0.05);
    bar.close = std::exp(value);
    bars.push_back(bar);
  }
  HarState state;
  double before = 0, between = 0;
  for (std::size_t i = 0; i < bars.size(); ++i) {
    state.advance({bars[i], value_of(bars[i], {}), {}}, domain::Scale::log);
    if (i % 63 == 9) before = state.features()[18];
    if (i % 63 == 30) between = state.features()[18];
  }
  EXPECT_GT(before, between + 0.5);
}

}  // namespace
}  // namespace ara::models
