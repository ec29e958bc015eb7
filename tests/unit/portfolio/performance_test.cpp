#include "portfolio/performance.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/rng.h"

namespace ara::portfolio {
namespace {

TEST(PerformanceOf, ByHand) {
  const std::vector<double> returns{0.1, -0.5, 0.2, 0.2};
  const Performance found = performance_of(returns, 4);
  EXPECT_NEAR(found.expected_return, 0, 1e-15);
  EXPECT_NEAR(found.volatility, 2 * std::sqrt(0.34 / 3), 1e-15);
  EXPECT_NEAR(found.sharpe.value(), 0, 1e-15);
  EXPECT_NEAR(found.sortino.value(), 0, 1e-15);
  EXPECT_NEAR(found.max_drawdown, 0.5, 1e-15);
}

TEST(PerformanceOf, WithoutRiskThereAreNoRatios) {
  const Performance found = performance_of(std::vector<double>{0.01, 0.01, 0.01}, 252);
  EXPECT_FALSE(found.sortino);
  EXPECT_EQ(found.max_drawdown, 0);
}

TEST(EmpiricalTail, ByHand) {
  // 5 % of 40 are the two worst.
  std::vector<double> returns(40, 0.01);
  returns[7] = -0.2;
  returns[9] = -0.1;
  returns[30] = -0.05;
  EXPECT_NEAR(empirical_tail(returns).var_95, 0.1, 1e-15);
  EXPECT_NEAR(empirical_tail(returns).cvar_95, 0.15, 1e-15);
  // 5 % of 50 are the two worst and half of the third.
  returns.resize(50, 0.01);
  EXPECT_NEAR(empirical_tail(returns).var_95, 0.05, 1e-15);
  EXPECT_NEAR(empirical_tail(returns).cvar_95, (0.2 + 0.1 + 0.5 * 0.05) / 2.5, 1e-15);
  EXPECT_NEAR(empirical_tail(std::vector{-0.3}).cvar_95, 0.3, 1e-15);
}

TEST(TailRisk, FollowsTheVolatility) {
  Rng rng(3);
  std::vector<double> calm, wild;
  for (int i = 0; i < 500; ++i) calm.push_back(0.02 * (rng.uniform() - 0.5));
  wild = calm;
  for (std::size_t i = 460; i < 500; ++i) wild[i] *= 4;
  EXPECT_NEAR(tail_risk(calm).var_95, empirical_tail(calm).var_95, 0.002);
  EXPECT_GT(tail_risk(wild).var_95, 2.5 * tail_risk(calm).var_95);
  EXPECT_GE(tail_risk(wild).cvar_95, tail_risk(wild).var_95);
  // In proportion: twice the returns, twice the risk.
  const double once = tail_risk(calm).cvar_95;
  for (double& r : calm) r *= 2;
  EXPECT_NEAR(tail_risk(calm).cvar_95, 2 * once, 1e-12);
}

TEST(TailRisk, AStandstillIsNoRiskAndEndsFinitely) {
  std::vector<double> returns(500, 0.0);
  EXPECT_EQ(tail_risk(returns).cvar_95, 0);
  for (std::size_t i = 480; i < 500; ++i) returns[i] = i % 2 == 0 ? -0.01 : 0.01;
  EXPECT_LE(tail_risk(returns).cvar_95, 0.04);
}

TEST(Kupiec, TabulatedCases) {
  // Kupiec 1995, table 3: with 255 observations at 5 %, 7 to 20 violations are not rejected.
  EXPECT_LT(kupiec(6, 255).p_value, 0.05);
  EXPECT_GT(kupiec(7, 255).p_value, 0.05);
  EXPECT_GT(kupiec(20, 255).p_value, 0.05);
  EXPECT_LT(kupiec(21, 255).p_value, 0.05);
  EXPECT_NEAR(kupiec(50, 1000).statistic, 0, 1e-12);
  EXPECT_NEAR(kupiec(0, 100).statistic, -200 * std::log(0.95), 1e-12);
  EXPECT_EQ(kupiec(0, 0).p_value, 1);
  // The 95 % quantile of chi-squared with one degree of freedom, 3.8415.
  const Kupiec near = kupiec(37, 1000);
  EXPECT_NEAR(near.p_value, std::erfc(std::sqrt(near.statistic / 2)), 1e-15);
}

TEST(BacktestTail, OfIndependentReturnsIsNotRejectedTooOften) {
  Rng rng(7);
  int var = 0, cvar = 0;
  constexpr int kRuns = 60;
  for (int run = 0; run < kRuns; ++run) {
    std::vector<double> returns;
    for (int i = 0; i < 1500; ++i) returns.push_back(0.01 * std::log(1 - rng.uniform()) + 0.01);
    const TailBacktest test = backtest_tail(returns, 500);
    EXPECT_EQ(test.var.observations, 1000U);
    var += test.var.p_value < 0.05 ? 1 : 0;
    cvar += test.cvar_p_value.value() < 0.05 ? 1 : 0;
  }
  // The quantile of 500 is itself uncertain, so somewhat more than 5 %.
  EXPECT_LT(var, kRuns / 5);
  EXPECT_LT(cvar, kRuns / 5);
}

TEST(BacktestTail, WhatIsWrongIsFound) {
  // Losses of another shape than in the window, to which the scale does not adapt.
  Rng rng(8);
  std::vector<double> returns;
  for (int i = 0; i < 500; ++i) returns.push_back(0.01 * (rng.uniform() - 0.5));
  for (int i = 0; i < 150; ++i) {
    returns.push_back(i % 6 == 0 ? -0.03 : 0.004 * (rng.uniform() - 0.5));
  }
  EXPECT_LT(backtest_tail(returns, 500).var.p_value, 1e-3);
  // As many violations as there should be, but far larger ones.
  returns.resize(500);
  for (int i = 0; i < 300; ++i) {
    returns.push_back(i % 20 == 0 ? -0.015 : 0.006 * (rng.uniform() - 0.5));
  }
  const TailBacktest test = backtest_tail(returns, 500);
  EXPECT_GT(test.var.p_value, 0.01);
  EXPECT_LT(test.cvar_p_value.value(), 1e-3);
}

}  // namespace
}  // namespace ara::portfolio
