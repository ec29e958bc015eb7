// The market-wide volatility factor: what it reads, and that it never looks ahead.
#include "models/market.h"

#include <gtest/gtest.h>

#include <cmath>

#include "models/range_variance.h"
#include "support/garch_bars.h"

namespace ara::models {
namespace {

using Universe = std::vector<std::vector<domain::Bar>>;

std::vector<MarketPoint> factor_of(const Universe& universe) {
  std::vector<std::span<const domain::Bar>> spans(universe.begin(), universe.end());
  return market_factor(spans);
}

Universe made(std::size_t series, std::size_t bars) {
  Universe universe;
  for (std::uint64_t seed = 1; seed <= series; ++seed) {
    universe.push_back(support::garch_bars(bars, seed));
  }
  return universe;
}

/// Returns from `from` on times `times`.
void magnify(std::vector<domain::Bar>& bars, std::size_t from, double times) {
  const auto old = bars;
  for (std::size_t i = from; i < bars.size(); ++i) {
    bars[i].close = bars[i - 1].close * std::exp(times * std::log(old[i].close / old[i - 1].close));
  }
}

TEST(Market, IsNearZeroUsuallyAndTellsAJumpOfTheWholeMarket) {
  Universe universe = made(40, 1000);
  for (auto& bars : universe) magnify(bars, 990, 3);
  const auto factor = factor_of(universe);
  ASSERT_EQ(factor.size(), 1000 - 65);
  double usual = 0, jumped = 0;
  for (std::size_t i = 0; i < factor.size(); ++i) {
    (i < factor.size() - 10 ? usual : jumped) += factor[i].factors.volatility;
  }
  usual /= static_cast<double>(factor.size() - 10);
  EXPECT_NEAR(usual, 0, 0.2);
  EXPECT_NEAR(jumped / 10 - usual, 2 * std::log(3), 0.5);
}

TEST(Market, OneSeriesOnItsOwnMovesItLittle) {
  Universe universe = made(40, 600);
  const auto before = factor_of(universe);
  universe[7].back().close *= 100;
  const auto after = factor_of(universe);
  EXPECT_LT(std::abs(after.back().factors.volatility - before.back().factors.volatility),
            2 * std::log(1 + 31.0 / 40 / 0.3));
}

TEST(Market, LaterBarsChangeNoEarlierPoint) {
  Universe universe = made(5, 400);
  const auto before = factor_of(universe);
  for (auto& bars : universe) {
    for (std::size_t i = 300; i < 400; ++i) bars[i].close *= 1 + 0.1 * static_cast<double>(i % 3);
  }
  const auto after = factor_of(universe);
  for (auto& bars : universe) bars.resize(300);
  const auto shorter = factor_of(universe);
  ASSERT_EQ(shorter.size(), 300 - 65);
  for (std::size_t i = 0; i < shorter.size(); ++i) {
    EXPECT_EQ(after[i].factors.volatility, before[i].factors.volatility) << i;
    EXPECT_EQ(shorter[i].factors.volatility, before[i].factors.volatility) << i;
    EXPECT_EQ(after[i].factors.change, before[i].factors.change) << i;
    EXPECT_EQ(shorter[i].factors.change, before[i].factors.change) << i;
    EXPECT_EQ(shorter[i].time, before[i].time) << i;
  }
  EXPECT_NE(after[299].factors.volatility, before[299].factors.volatility);
  EXPECT_NE(after[299].factors.change, before[299].factors.change);
}

TEST(Market, TellsWhichWayItMoved) {
  Universe universe = made(40, 600);
  for (auto& bars : universe) bars.back().close = bars[598].close * 0.9;
  const auto factor = factor_of(universe);
  double size = 0;
  for (const auto& point : std::span(factor).first(factor.size() - 1)) {
    size = std::max(size, std::abs(point.factors.change));
  }
  EXPECT_LT(factor.back().factors.change, -2 * size);
}

TEST(Market, StandsWhereNothingMoves) {
  const Universe universe(3, support::bars_of(std::vector<double>(200, 42.0)));
  EXPECT_TRUE(factor_of(universe).empty());
  EXPECT_TRUE(factor_of({}).empty());
}

TEST(Market, AtABarIsTheNewestPointNotAfterIt) {
  const auto bars = support::bars_of({1, 2, 3, 4});
  const std::vector<MarketPoint> factor{{bars[1].time, {.volatility = 0.5, .change = 2}},
                                        {bars[2].time + std::chrono::hours{1}, {0.7, -1}}};
  const auto values = market_at(factor, bars);
  ASSERT_EQ(values.size(), 4u);
  EXPECT_TRUE(std::isnan(values[0].volatility));
  EXPECT_EQ(values[1].volatility, 0.5);
  EXPECT_EQ(values[1].change, 2);
  EXPECT_EQ(values[2].volatility, 0.5);
  EXPECT_EQ(values[3].volatility, 0.7);
  EXPECT_EQ(values[3].change, -1);
}

TEST(RangeVariance, IsGarmanKlassPlusTheOvernightMove) {
  const domain::Bar bar{.open = 102, .high = 104, .low = 101, .close = 103};
  const double change = std::log(103.0 / 100);
  const double range = std::log(104.0 / 101), session = std::log(103.0 / 102);
  const double overnight = std::log(102.0 / 100);
  EXPECT_NEAR(
      range_variance(bar, change, domain::Scale::log),
      overnight * overnight + range * range / 2 - (2 * std::log(2.0) - 1) * session * session,
      1e-15);
  EXPECT_NEAR(range_variance(bar, 3, domain::Scale::level), 4 + 4.5 - (2 * std::log(2.0) - 1),
              1e-12);
}

TEST(RangeVariance, IsTheSquaredChangeWhereTheRangeIsMissingOrWrong) {
  const double expected = 0.02 * 0.02;
  domain::Bar bar{.close = 103};
  EXPECT_EQ(range_variance(bar, 0.02, domain::Scale::log), expected);
  bar = {.open = 102, .high = 101, .low = 100, .close = 103};
  EXPECT_EQ(range_variance(bar, 0.02, domain::Scale::log), expected);
  bar = {.open = 102, .high = 104, .low = -1, .close = 103};
  EXPECT_EQ(range_variance(bar, 0.02, domain::Scale::log), expected);
  bar = {.open = 103, .high = 103, .low = 103, .close = 103};
  EXPECT_EQ(range_variance(bar, 0.02, domain::Scale::log), expected);
}

}  // namespace
}  // namespace ara::models
