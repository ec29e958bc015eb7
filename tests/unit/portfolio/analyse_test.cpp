#include "portfolio/analyse.h"

#include <gtest/gtest.h>

#include <cmath>

#include "market.h"

namespace ara::portfolio {
namespace {

TEST(Analyse, OneAssetIsItself) {
  const History history = history_of(3, 300);
  const Analysis found = analyse(history, Vector{{0, 1, 0}});
  std::vector<double> returns;
  for (Eigen::Index t = 0; t < history.returns.rows(); ++t)
    returns.push_back(history.returns(t, 1));
  EXPECT_EQ(found.performance.volatility, performance_of(returns, 252).volatility);
  EXPECT_NEAR(found.risk_contribution(1), 1, 1e-12);
  EXPECT_EQ(found.risk_contribution(0), 0);
}

TEST(Analyse, RiskContributionsSumToOne) {
  const History history = history_of(5, 300);
  const Analysis found = analyse(history, Vector::Constant(5, 0.2));
  EXPECT_NEAR(found.risk_contribution.sum(), 1, 1e-12);
  EXPECT_GT(found.risk_contribution(4), found.risk_contribution(0));
  EXPECT_GE(found.tail.cvar_95, found.tail.var_95);
}

TEST(Rebalance, ByHand) {
  const std::vector<Holding> holdings{
      {"A", 0.5, 0.3, 10}, {"B", 0.3, 0.3, 20}, {"C", 0.2, 0.3, 50}, {"D", 0, 0.1, 4}};
  const Rebalancing plan = rebalance(holdings, 1000);
  ASSERT_EQ(plan.trades.size(), 3U);
  EXPECT_EQ(plan.trades[0].symbol, "A");
  EXPECT_FALSE(plan.trades[0].buy);
  EXPECT_NEAR(plan.trades[0].quantity, 20, 1e-9);
  EXPECT_NEAR(plan.trades[0].value, 200, 1e-9);
  EXPECT_TRUE(plan.trades[1].buy);
  EXPECT_NEAR(plan.trades[2].value, 100, 1e-9);
  EXPECT_NEAR(plan.transaction_cost, 0.4, 1e-9);
  EXPECT_NEAR(plan.slippage, 0.2, 1e-9);
}

TEST(PairsOf, ABreakdownIsFoundAndNoneIsMadeUp) {
  auto series = market(2, 500, 3);
  EXPECT_FALSE(pairs_of(align(series, domain::Date{}).value())[0].breakdown);
  // The second turns against the first for the last 60 sessions.
  auto& bars = series[1].bars;
  for (std::size_t t = 440; t < 500; ++t) {
    const auto& other = series[0].bars;
    bars[t].close = bars[t - 1].close * other[t - 1].close / other[t].close;
  }
  const Pair pair = pairs_of(align(series, domain::Date{}).value())[0];
  EXPECT_TRUE(pair.breakdown);
  EXPECT_LT(pair.rolling.value(), -0.99);
  EXPECT_GT(pair.correlation, -0.5);
}

TEST(PairsOf, AnAssetThatStoodStillHasNoRollingCorrelation) {
  auto series = market(3, 300);
  for (std::size_t t = 200; t < 300; ++t) series[1].bars[t].close = series[1].bars[199].close;
  const auto pairs = pairs_of(align(series, domain::Date{}).value());
  EXPECT_FALSE(pairs[0].rolling);
  EXPECT_TRUE(pairs[1].rolling);
  EXPECT_FALSE(pairs[0].breakdown);
}

}  // namespace
}  // namespace ara::portfolio
