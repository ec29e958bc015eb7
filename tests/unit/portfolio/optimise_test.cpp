#include "portfolio/optimise.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "market.h"

namespace ara::portfolio {
namespace {

Order order_of(std::string_view method, std::string_view tolerance = "moderate") {
  return {.method = find_method(method).value(),
          .tolerance = find_tolerance(tolerance).value(),
          .constraints = {},
          .views = {},
          .reference = {}};
}

class EachMethod : public testing::TestWithParam<std::string_view> {};

INSTANTIATE_TEST_SUITE_P(Methods, EachMethod, testing::ValuesIn([] {
                           std::vector<std::string_view> names;
                           for (const MethodRow& row : methods()) names.push_back(row.name);
                           return names;
                         }()),
                         [](const auto& param) { return std::string(param.param); });

TEST_P(EachMethod, KeepsTheConstraints) {
  const History history = history_of(8, 400);
  for (const double least : {0.0, -0.3}) {
    Order order = order_of(GetParam());
    order.constraints.min_weight = least;
    order.constraints.max_weight = 0.4;
    order.constraints.max_concentration = 0.3;
    order.constraints.groups = {{"sector_limits.tech", {0, 1, 2, 3}, 0.35},
                                {"asset_class_limits.stock", {3, 4}, 0.1}};
    const auto optimum = optimise(history, order);
    ASSERT_TRUE(optimum) << optimum.error().message;
    const Vector& w = optimum->weights;
    EXPECT_NEAR(w.sum(), 1, 1e-9);
    EXPECT_GE(w.minCoeff(), least - 1e-9);
    EXPECT_LE(w.cwiseAbs().maxCoeff(), 0.3 + 1e-9);
    EXPECT_LE(w.head(4).sum(), 0.35 + 1e-9);
    EXPECT_LE(w(3) + w(4), 0.1 + 1e-9);
  }
}

TEST_P(EachMethod, TheOrderOfTheAssetsDoesNotMatter) {
  auto series = market(5, 400);
  const auto one = optimise(align(series, domain::Date{}).value(), order_of(GetParam()));
  std::ranges::reverse(series);
  const auto other = optimise(align(series, domain::Date{}).value(), order_of(GetParam()));
  ASSERT_TRUE(one && other);
  EXPECT_LT((one->weights - other->weights.reverse()).cwiseAbs().maxCoeff(), 1e-8);
}

TEST_P(EachMethod, ContradictoryConstraintsAreNamed) {
  Order order = order_of(GetParam());
  order.constraints.max_weight = 0.3;
  const auto optimum = optimise(history_of(3, 200), order);
  ASSERT_FALSE(optimum);
  EXPECT_EQ(optimum.error().field, "constraints.max_weight");
  EXPECT_EQ(optimum.error().message,
            "No weights satisfy these together: the weights sum to 1; max_weight at most 0.3 (A0, "
            "A1, A2)");
}

TEST_P(EachMethod, OnlyTheConstraintsThatContradictAreNamed) {
  Order order = order_of(GetParam());
  order.constraints.max_concentration = 0.9;
  order.constraints.min_weight = 0.2;
  order.constraints.groups = {{"sector_limits.energy", {2, 3}, 0.9},
                              {"sector_limits.tech", {0, 1}, 0.35}};
  const auto optimum = optimise(history_of(4, 200), order);
  ASSERT_FALSE(optimum);
  EXPECT_EQ(optimum.error().field, "constraints.min_weight");
  EXPECT_EQ(optimum.error().message,
            "No weights satisfy these together: min_weight at least 0.2 (A0, A1); "
            "sector_limits.tech at most 0.35");
}

TEST(Optimise, TwoAssetsHaveAClosedForm) {
  const History history = history_of(2, 300);
  const Matrix s = shrunk_covariance(history)->matrix;
  const Vector m = annual_means(history);
  Order order = order_of("mpt");
  order.constraints.min_weight = -1;
  order.constraints.max_weight = 2;
  const double best = (s(1, 1) - s(0, 1) + (m(0) - m(1)) / order.tolerance->risk_aversion) /
                      (s(0, 0) + s(1, 1) - 2 * s(0, 1));
  ASSERT_TRUE(best > -1 && best < 2);
  EXPECT_NEAR(optimise(history, order)->weights(0), best, 1e-9);
  // Risk parity of two: inversely to their deviations, whatever the correlation.
  const double parity = std::sqrt(s(1, 1)) / (std::sqrt(s(0, 0)) + std::sqrt(s(1, 1)));
  EXPECT_NEAR(optimise(history, order_of("risk_parity"))->weights(0), parity, 1e-9);
}

TEST(Optimise, MoreToleranceMeansMoreRisk) {
  const History history = history_of(6, 500);
  for (const auto method : {"mpt", "kelly"}) {
    const auto low = optimise(history, order_of(method, "conservative"));
    const auto high = optimise(history, order_of(method, "aggressive"));
    EXPECT_LT(low->volatility, high->volatility) << method;
    EXPECT_LT(low->expected_return, high->expected_return) << method;
  }
}

TEST(Optimise, RiskParityBearsEqualRisk) {
  const History history = history_of(7, 500);
  const Vector w = optimise(history, order_of("risk_parity"))->weights;
  const Vector part = w.cwiseProduct(shrunk_covariance(history)->matrix * w);
  EXPECT_LT((part.array() / part.mean() - 1).abs().maxCoeff(), 1e-9);
}

TEST(Optimise, BlackLittermanWithoutViewsIsNearTheReference) {
  const History history = history_of(4, 500);
  Order order = order_of("black_litterman", "aggressive");
  order.reference = Vector{{0.4, 0.3, 0.2, 0.1}};
  const Vector near = optimise(history, order)->weights;
  EXPECT_LT((near - *order.reference).cwiseAbs().maxCoeff(), 0.05);
  order.views = {{3, 0.6}};
  EXPECT_GT(optimise(history, order)->weights(3), near(3) + 0.1);
}

TEST(Optimise, KellyIsNotBeatenByItsNeighbours) {
  const History history = history_of(4, 500);
  const Vector w = optimise(history, order_of("kelly", "aggressive"))->weights;
  const auto growth = [&](const Vector& weights) {
    return (1 + (history.returns * weights).array()).log().mean();
  };
  for (Eigen::Index i = 0; i < 4; ++i) {
    for (Eigen::Index j = 0; j < 4; ++j) {
      const double step = std::min(1e-4, w(i));
      Vector moved = w;
      moved(i) -= step;
      moved(j) += step;
      EXPECT_LE(growth(moved), growth(w) + 1e-15);
    }
  }
}

TEST(Optimise, OutOfRangeIsNamed) {
  Order order = order_of("mpt");
  order.constraints.min_weight = -2;
  EXPECT_EQ(optimise(history_of(2, 100), order).error().field, "constraints.min_weight");
}

TEST(Methods, UnknownNamesAreTold) {
  EXPECT_EQ(find_method("markowitz").error().field, "optimization_method");
  EXPECT_EQ(find_tolerance("brave").error().allowed, "one of moderate, conservative, aggressive");
}

}  // namespace
}  // namespace ara::portfolio
