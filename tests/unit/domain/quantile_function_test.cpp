#include "domain/quantile_function.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <vector>

#include "base/rng.h"

namespace ara::domain {
namespace {

constexpr std::size_t kKnots = QuantileFunction::kKnots;

/// The definition itself: order statistics of a full sort.
double sorted_quantile(std::vector<double> sample, double p) {
  std::ranges::sort(sample);
  const double place = p * static_cast<double>(sample.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const auto above = std::min(below + 1, sample.size() - 1);
  return sample[below] + (place - std::floor(place)) * (sample[above] - sample[below]);
}

TEST(QuantileFunction, LevelsAreAscendingSymmetricAndHoldThoseOfTheWire) {
  const auto& levels = QuantileFunction::levels();
  for (std::size_t i = 0; i < kKnots; ++i) {
    EXPECT_NEAR(levels[i] + levels[kKnots - 1 - i], 1, 1e-15);
    if (i > 0) {
      EXPECT_LT(levels[i - 1], levels[i]);
    }
  }
  for (double wire : {0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975}) {
    EXPECT_NE(std::ranges::find(levels, wire), levels.end()) << wire;
  }
}

TEST(QuantileFunction, NormalIsNormalAtEveryLevel) {
  const auto function = QuantileFunction::normal(2, 3);
  for (double p : {1e-6, 0.001, 0.005, 0.03, 0.25, 0.5, 0.77, 0.975, 0.9999}) {
    EXPECT_NEAR(function.at(p), 2 + 3 * normal_quantile(p), 1e-12) << p;
    EXPECT_NEAR(function.probability_below(function.at(p)), p, 1e-12) << p;
  }
  EXPECT_DOUBLE_EQ(function.median(), 2);
}

TEST(QuantileFunction, CrossingsAreSortedAway) {
  std::array<double, kKnots> values;
  for (std::size_t i = 0; i < kKnots; ++i) values[i] = static_cast<double>((i * 7) % kKnots);
  const QuantileFunction function(values);
  EXPECT_TRUE(std::ranges::is_sorted(function.values()));
  double last = -INFINITY;
  for (double p = 0.001; p < 1; p += 0.001) {
    EXPECT_GE(function.at(p), last);
    last = function.at(p);
  }
}

TEST(QuantileFunction, EmpiricalIsThatOfAFullSort) {
  Rng rng(11);
  const auto uniform = [&] { return rng.uniform(); };
  const auto heavy = [&] { return 1 / (rng.uniform() - 0.5); };
  const auto ties = [&] { return static_cast<double>(rng.below(4)); };
  const auto two_clusters = [&] { return rng.uniform() * 1e-12 + (rng.below(2) ? 1e9 : 0); };
  const auto small = [&] { return rng.uniform() * 1e-310; };
  const std::vector<std::function<double()>> sources{uniform, heavy, ties, two_clusters, small};
  for (std::size_t source = 0; source < sources.size(); ++source) {
    for (std::size_t count : {1, 2, 3, 22, 23, 100, 1259, 4096}) {
      std::vector<double> sample(count);
      std::ranges::generate(sample, sources[source]);
      const auto function = QuantileFunction::empirical(sample);
      for (std::size_t i = 0; i < kKnots; ++i) {
        const double wanted = sorted_quantile(sample, QuantileFunction::levels()[i]);
        EXPECT_NEAR(function.values()[i], wanted, 1e-12 * std::abs(wanted))
            << "source " << source << ", " << count << " values, knot " << i;
      }
      EXPECT_TRUE(std::ranges::is_sorted(function.values()));
    }
  }
}

TEST(QuantileFunction, TailsGoOnWithTheSlopeOfTheLastPiece) {
  std::array<double, kKnots> values{};
  for (std::size_t i = 0; i < kKnots; ++i) values[i] = std::exp(static_cast<double>(i) / 5);
  const QuantileFunction function(values);
  const double z1 = normal_quantile(0.99), z2 = normal_quantile(0.995);
  const double slope = (values[22] - values[21]) / (z2 - z1);
  EXPECT_NEAR(function.at(0.9999), values[22] + slope * (normal_quantile(0.9999) - z2), 1e-9);
  EXPECT_LT(function.at(0.0001), function.at(0.005));
}

TEST(QuantileFunction, ProbabilityOfAPointMassIsZeroOrOneBesideIt) {
  const QuantileFunction point(std::array<double, kKnots>{});
  EXPECT_EQ(point.probability_below(-1e-9), 0);
  EXPECT_EQ(point.probability_below(1e-9), 1);
}

TEST(QuantileFunction, ProbabilityAtAnAtomIsAllThatLiesAtOrBelow) {
  std::array<double, kKnots> values{};  // knots 0 to 12 at zero, the others above
  for (std::size_t i = 13; i < kKnots; ++i) values[i] = static_cast<double>(i - 12);
  const QuantileFunction function(values);
  EXPECT_DOUBLE_EQ(function.probability_below(0), QuantileFunction::levels()[12]);
  EXPECT_EQ(function.probability_below(-0.1), 0);
}

TEST(Normal, QuantileIsTheInverseOfTheDistribution) {
  EXPECT_NEAR(normal_quantile(0.975), 1.959963984540054, 1e-14);
  EXPECT_NEAR(normal_quantile(0.5), 0, 1e-16);
  for (double z = -5; z <= 5; z += 0.37) {
    const double p = normal_cdf(z);
    EXPECT_NEAR(normal_quantile(p), z, 1e-9 * std::max(1.0, std::abs(z))) << z;
    EXPECT_NEAR(normal_quantile(normal_cdf(-z)), -z, 1e-9 * std::max(1.0, std::abs(z))) << z;
  }
}

}  // namespace
}  // namespace ara::domain
