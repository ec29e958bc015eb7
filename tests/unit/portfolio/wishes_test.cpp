#include "portfolio/wishes.h"

#include <gtest/gtest.h>

#include <cmath>

#include "market.h"

namespace ara::portfolio {
namespace {

template <class T>
std::string field_of(const Result<T>& result) {
  return result ? "" : result.error().field;
}

TEST(OrderOf, GroupsByNames) {
  auto series = market(3, 100);
  series[2].asset_type = domain::AssetType::crypto;
  const History history = align(series, domain::Date{}).value();
  const auto order = order_of({.constraints = {},
                               .sectors = {{"a0", "tech"}, {"A2", "tech"}},
                               .sector_limits = {{"tech", 0.5}},
                               .asset_class_limits = {{"stock", 0.7}, {"forex", 0.1}},
                               .expected_returns = {{"A1", 0.2}},
                               .market_weights = {{"A0", 0.25}, {"A1", 0.755}}},
                              history);
  ASSERT_TRUE(order) << order.error().message;
  const auto& groups = order->constraints.groups;
  ASSERT_EQ(groups.size(), 3U);
  EXPECT_EQ(groups[0].members, (std::vector<std::size_t>{0, 2}));
  EXPECT_EQ(groups[1].members, (std::vector<std::size_t>{0, 1}));
  EXPECT_TRUE(groups[2].members.empty());
  EXPECT_EQ(order->views.at(0).asset, 1U);
  EXPECT_NEAR(order->reference->sum(), 1, 1e-12);
  EXPECT_TRUE(optimise(history, *order));
}

TEST(OrderOf, WhatIsWrongIsNamedAsInARequest) {
  const History history = history_of(2, 100);
  const auto field = [&](auto change) {
    Wishes wishes;
    change(wishes);
    return field_of(order_of(wishes, history));
  };
  EXPECT_EQ(field([](Wishes&) {}), "");
  EXPECT_EQ(field([](Wishes& w) { w.method = "luck"; }), "optimization_method");
  EXPECT_EQ(field([](Wishes& w) { w.tolerance = "brave"; }), "risk_tolerance");
  EXPECT_EQ(field([](Wishes& w) { w.sectors = {{"B", "tech"}}; }), "sectors.B");
  EXPECT_EQ(field([](Wishes& w) { w.sector_limits = {{"tech", 0.5}}; }),
            "constraints.sector_limits.tech");
  EXPECT_EQ(field([](Wishes& w) { w.asset_class_limits = {{"stock", 3}}; }),
            "constraints.asset_class_limits.stock");
  EXPECT_EQ(field([](Wishes& w) { w.asset_class_limits = {{"bonds", 0.3}}; }),
            "constraints.asset_class_limits.bonds");
  EXPECT_EQ(field([](Wishes& w) { w.expected_returns = {{"A0", 0.1}, {"a0", 0.1}}; }),
            "expected_returns.a0");
  EXPECT_EQ(field([](Wishes& w) { w.expected_returns = {{"A0", NAN}}; }), "expected_returns.A0");
  EXPECT_EQ(field([](Wishes& w) { w.market_weights = {{"A0", 0.5}}; }), "market_weights");
}

TEST(WeightsOf, SumToOneAndAreComplete) {
  const History history = history_of(2, 100);
  EXPECT_EQ(field_of(weights_of("weights", {{"A0", 1}}, history, true)), "weights.A1");
  EXPECT_EQ(field_of(weights_of("weights", {{"A0", 1}}, history, false)), "");
  EXPECT_EQ(field_of(weights_of("weights", {{"A0", 0.9}}, history, false)), "weights");
  EXPECT_EQ(field_of(weights_of("weights", {{"X", 1}}, history, false)), "weights.X");
  const auto weights = weights_of("weights", {{"A1", 0.5}, {"A0", 0.505}}, history, true);
  EXPECT_NEAR(weights->sum(), 1, 1e-12);
  EXPECT_GT((*weights)(0), (*weights)(1));
}

TEST(HoldingsOf, TakesEachSymbolOnce) {
  const std::vector<std::pair<std::string, double>> current{{"A", 0.6}},
      target{{"a", 0.3}, {"B", 0.7}}, prices{{"A", 1}, {"B", 2}, {"C", 3}};
  const auto holdings = holdings_of(current, target, prices);
  ASSERT_TRUE(holdings);
  ASSERT_EQ(holdings->size(), 2U);
  EXPECT_EQ((*holdings)[0].target_weight, 0.3);
  EXPECT_EQ((*holdings)[1].current_weight, 0);
  EXPECT_EQ(field_of(holdings_of(current, target, {})), "current_prices.A");
  EXPECT_EQ(field_of(holdings_of(current, std::vector{target[1], target[0], current[0]}, prices)),
            "target_weights.A");
}

}  // namespace
}  // namespace ara::portfolio
