#include "evaluation/distribution.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

namespace ara::evaluation {
namespace {

using domain::QuantileFunction;

QuantileFunction skewed() {
  std::array<double, QuantileFunction::kKnots> values{};
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = std::exp(0.1 * static_cast<double>(i));
  return QuantileFunction(values);
}

TEST(Distribution, QuantilesAreThoseOfTheFunction) {
  const QuantileFunction function = skewed();
  const Quantiles quantiles = quantiles_of(function);
  for (std::size_t i = 0; i < kLevels; ++i) {
    EXPECT_NEAR(quantiles.at[i], function.at(static_cast<double>(i + 1) / 100), 1e-12) << i;
  }
  for (std::size_t i = 0; i < kCoverages.size(); ++i) {
    EXPECT_NEAR(quantiles.low[i], function.at((100 - kCoverages[i]) / 200.0), 1e-12);
    EXPECT_NEAR(quantiles.high[i], function.at((100 + kCoverages[i]) / 200.0), 1e-12);
  }
  EXPECT_DOUBLE_EQ(quantiles.median(), function.median());
}

TEST(Distribution, QuantilesOfASampleByHand) {
  std::vector<double> sample;  // 0 to 100: the quantile at p is 100 p
  for (int i = 0; i <= 100; ++i) sample.push_back(i);
  const Quantiles quantiles = quantiles_of_sorted(sample);
  for (std::size_t i = 0; i < kLevels; ++i) {
    EXPECT_NEAR(quantiles.at[i], static_cast<double>(i + 1), 1e-9);
  }
  EXPECT_NEAR(quantiles.low[3], 2.5, 1e-9);
  EXPECT_NEAR(quantiles.high[1], 90, 1e-9);
  EXPECT_EQ(quantiles_of_sorted(std::vector<double>{7}).at[98], 7);
}

TEST(Distribution, CrpsOfAPointMassIsHalfTheDistance) {
  const Quantiles point = quantiles_of(QuantileFunction::normal(3, 0));
  EXPECT_NEAR(crps(point, 3), 0, 1e-15);
  EXPECT_NEAR(crps(point, 5), 1, 1e-12);  // the mean of p (5 - 3)
  EXPECT_NEAR(crps(point, 1), 1, 1e-12);
}

TEST(Distribution, CrpsOfANormalIsHalfTheClosedForm) {
  // Gneiting and Raftery 2007, equation 21: y (2 Phi(y) - 1) + 2 phi(y) - 1 / sqrt(pi).
  const Quantiles normal = quantiles_of(QuantileFunction::normal(0, 1));
  for (const double y : {-2.0, -0.3, 0.0, 1.0, 3.0}) {
    const double phi = std::exp(-y * y / 2) / std::sqrt(2 * std::numbers::pi);
    const double closed =
        y * (2 * domain::normal_cdf(y) - 1) + 2 * phi - 1 / std::sqrt(std::numbers::pi);
    EXPECT_NEAR(2 * crps(normal, y), closed, 0.02 * closed) << y;
  }
}

TEST(Distribution, RankCountsTheQuantilesBelow) {
  const Quantiles normal = quantiles_of(QuantileFunction::normal(0, 1));
  EXPECT_EQ(rank_of(normal, -10), 0U);
  EXPECT_EQ(rank_of(normal, 10), 99U);
  EXPECT_EQ(rank_of(normal, 1e-6), 50U);
  EXPECT_EQ(rank_of(normal, domain::normal_quantile(0.255)), 25U);
}

TEST(Distribution, QlikeIsZeroAtTheTruthAndWorseBelowItThanAbove) {
  EXPECT_EQ(qlike(2, 2), 0);
  EXPECT_DOUBLE_EQ(qlike(1, 2), 2 - std::log(2) - 1);
  EXPECT_DOUBLE_EQ(qlike(2, 1), 0.5 + std::log(2) - 1);
  EXPECT_GT(qlike(1, 2), qlike(4, 2));
  EXPECT_TRUE(std::isfinite(qlike(0, 1)));
  EXPECT_GT(qlike(0, 1), 1e11);
}

}  // namespace
}  // namespace ara::evaluation
