// What the combination learns from outcomes: whom to trust, and how wide to be.
#include "models/rolling.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "base/rng.h"
#include "models/model.h"
#include "support/garch_bars.h"

namespace ara::models {
namespace {

using domain::QuantileFunction;

class Rolled : public testing::Test {
 protected:
  double normal() { return domain::normal_quantile(1e-9 + (1 - 2e-9) * rng_.uniform()); }

  /// Members of these widths forecast, the truth being a random walk of unit steps.
  Rolling roll(const std::vector<double>& widths, int count, double step = 1) {
    Rolling rolling(widths.size());
    for (int i = 0; i < count; ++i) {
      rolling.settle(value_);
      std::vector<Rolling::Forecasts> members(widths.size());
      for (std::size_t m = 0; m < widths.size(); ++m) {
        for (std::size_t h = 0; h < Rolling::kHorizons; ++h) {
          members[m][h] = QuantileFunction::normal(0, widths[m] * std::sqrt(kAnchors[h]));
        }
      }
      rolling.expect(members);
      value_ += step * normal();
    }
    return rolling;
  }

  Rng rng_{9};
  double value_ = 0;
};

TEST_F(Rolled, NothingSeenIsEqualWeightsAndNoStretch) {
  const Rolling rolling(4);
  for (double weight : rolling.weights()) EXPECT_EQ(weight, 0.25);
  for (int h : {1, 5, 30}) EXPECT_EQ(rolling.stretch(h), 1);
}

TEST_F(Rolled, TheRightMemberIsTrusted) {
  const auto weights = roll({0.5, 1, 2.5}, 600).weights();
  EXPECT_GT(weights[1], 0.99);
  EXPECT_NEAR(weights[0] + weights[1] + weights[2], 1, 1e-12);
}

TEST_F(Rolled, AlikeMembersShareTheirWeight) {
  const auto weights = roll({1, 1.05}, 300).weights();
  EXPECT_GT(weights[1], 0.2);
  EXPECT_LT(weights[1], 0.8);
}

TEST_F(Rolled, RightWidthsAreLeftAlone) {
  const Rolling rolling = roll({1}, 3000);
  for (int h : {1, 2, 4, 10, 30}) EXPECT_NEAR(rolling.stretch(h), 1, 0.1) << h;
}

TEST_F(Rolled, NarrowForecastsAreStretchedAndWideOnesShrunk) {
  const Rolling narrow = roll({0.5}, 3000);
  EXPECT_NEAR(narrow.stretch(1), 2, 0.25);
  EXPECT_GT(narrow.stretch(10), 1.6);
  const Rolling wide = roll({2}, 3000);
  EXPECT_NEAR(wide.stretch(1), 0.5, 0.08);
  EXPECT_LT(wide.stretch(10), 0.65);
}

TEST_F(Rolled, PointForecastsThatAreRightTeachNoWidth) {
  Rolling rolling = roll({0}, 100, 0);
  EXPECT_EQ(rolling.stretch(1), 1);
  EXPECT_EQ(rolling.stretch(10), 1);
}

TEST_F(Rolled, StretchedKeepsTheMedian) {
  const auto forecast = QuantileFunction::normal(2, 1);
  const auto twice = stretched(forecast, 2);
  EXPECT_DOUBLE_EQ(twice.median(), 2);
  EXPECT_NEAR(twice.at(0.95) - 2, 2 * (forecast.at(0.95) - 2), 1e-12);
}

/// For each of the first 50 bars after a threefold jump of volatility, the part of the outcomes
/// that lay in the 90 % interval of one session ahead, the parameters fitted before the jump.
std::vector<double> covered_after_jump(int seeds) {
  constexpr int kBefore = 600, kAfter = 50;
  std::vector<double> covered(kAfter);
  for (int seed = 1; seed <= seeds; ++seed) {
    Rng rng(static_cast<std::uint64_t>(seed));
    std::vector<double> closes;
    double value = 4;
    for (int i = 0; i < kBefore + kAfter; ++i) {
      const double sd = i < kBefore ? 0.01 : 0.03;
      value += sd * domain::normal_quantile(1e-9 + (1 - 2e-9) * rng.uniform());
      closes.push_back(std::exp(value));
    }
    const auto bars = support::bars_of(closes);
    const auto model = fit(catalog().back(), std::span(bars).first(kBefore), {}).value();
    for (int i = kBefore; i < kBefore + kAfter; ++i) {
      const auto now = static_cast<std::size_t>(i);
      const double change = std::log(closes[now] / closes[now - 1]);
      const auto forecast = model->next();
      const bool inside = change >= forecast.at(0.05) && change <= forecast.at(0.95);
      covered[now - kBefore] += inside ? 1.0 / seeds : 0;
      EXPECT_TRUE(model->update(bars[now]).has_value());
    }
  }
  return covered;
}

double mean_of(std::span<const double> parts) {
  return std::accumulate(parts.begin(), parts.end(), 0.0) / static_cast<double>(parts.size());
}

TEST(CombinationAfterAJump, CoverageIsBackWithinFiftySteps) {
  const auto after = covered_after_jump(60);
  EXPECT_LT(mean_of(std::span(after).first(5)), 0.65);  // it did jump
  const double covered = mean_of(std::span(after).subspan(30));
  EXPECT_GE(covered, 0.85);
  EXPECT_LE(covered, 0.95);
}

}  // namespace
}  // namespace ara::models
