#include "evaluation/inference.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "base/rng.h"
#include "domain/quantile_function.h"

namespace ara::evaluation {
namespace {

TEST(StudentPValue, TabulatedValues) {
  EXPECT_NEAR(student_p_value(12.7062047, 1), 0.05, 1e-8);
  EXPECT_NEAR(student_p_value(2.2281389, 10), 0.05, 1e-8);
  EXPECT_NEAR(student_p_value(-2.2281389, 10), 0.05, 1e-8);
  EXPECT_NEAR(student_p_value(3.1692727, 10), 0.01, 1e-8);
  EXPECT_NEAR(student_p_value(1.9599640, 1e7), 0.05, 1e-6);
  EXPECT_EQ(student_p_value(0, 5), 1);
}

TEST(DieboldMariano, ByHand) {
  // Mean 2; two lags by floor(4 (10 / 100)^(2/9)); long-run variance 1.6 with weights 2/3 and 1/3;
  // 2 / sqrt(1.6 / 10) = 5, times sqrt(9 / 10) or, for three steps, sqrt(5.6 / 10).
  const std::vector<double> d{1, 3, 2, 4, -1, 2, 0, 5, 1, 3};
  EXPECT_NEAR(diebold_mariano(d, 1).statistic, 5 * std::sqrt(0.9), 1e-12);
  EXPECT_NEAR(diebold_mariano(d, 3).statistic, 5 * std::sqrt(0.56), 1e-12);
  EXPECT_NEAR(diebold_mariano(d, 1).p_value, student_p_value(5 * std::sqrt(0.9), 9), 1e-12);
}

TEST(DieboldMariano, NoEvidenceWithoutVariationOrData) {
  EXPECT_EQ(diebold_mariano(std::vector<double>(20, 0.0), 1).p_value, 1);
  EXPECT_EQ(diebold_mariano(std::vector<double>(20, 0.1), 1).p_value, 1);
  EXPECT_EQ(diebold_mariano(std::vector<double>{1, 2, 3}, 1).statistic, 0);
}

/// How often equal forecasts are told apart at 5 %, their differences a moving average of `order`.
double rejected(int order, int horizon) {
  Rng rng(5);
  constexpr int kTrials = 1000;
  constexpr std::size_t kLength = 300;
  int count = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    std::vector<double> noise;
    for (std::size_t t = 0; t < kLength + 20; ++t) {
      noise.push_back(domain::normal_quantile(1e-9 + (1 - 2e-9) * rng.uniform()));
    }
    std::vector<double> d;
    for (std::size_t t = 20; t < noise.size(); ++t) {
      d.push_back(std::accumulate(noise.begin() + static_cast<std::ptrdiff_t>(t) - order,
                                  noise.begin() + static_cast<std::ptrdiff_t>(t) + 1, 0.0));
    }
    count += diebold_mariano(d, horizon).p_value < 0.05;
  }
  return count / double{kTrials};
}

TEST(DieboldMariano, RejectsAsOftenAsItSays) {
  // Bartlett's weights understate the variance of a moving average somewhat.
  EXPECT_NEAR(rejected(0, 1), 0.05, 0.03);
  EXPECT_LT(rejected(4, 5), 0.12);
  EXPECT_GT(rejected(4, 5), 0.03);
}

TEST(Bootstrap, DrawsAsManyTimesAsThereAre) {
  const auto counts = bootstrap_counts(500, 20, 1);
  EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), 0U), 500U);
  EXPECT_EQ(counts, bootstrap_counts(500, 20, 1));
  EXPECT_NE(counts, bootstrap_counts(500, 20, 2));
}

TEST(Bootstrap, BlocksHaveTheMeanLength) {
  // Neighbours belong to one block with probability 1 - 1/20, so their counts go together: the
  // share of unequal neighbours is that of block ends and starts, about 2/20 of the times.
  double unequal = 0;
  constexpr std::size_t kTimes = 20'000;
  const auto counts = bootstrap_counts(kTimes, 20, 3);
  for (std::size_t t = 1; t < kTimes; ++t) unequal += counts[t] != counts[t - 1];
  EXPECT_NEAR(unequal / kTimes, 0.1, 0.02);
  const auto single = bootstrap_counts(kTimes, 1, 3);
  double lone = 0;
  for (std::size_t t = 1; t < kTimes; ++t) lone += single[t] != single[t - 1];
  EXPECT_GT(lone / kTimes, 0.6);
}

TEST(Bootstrap, IntervalOfAMean) {
  // Of the mean of 400 independent normals with variance 1: 2 * 1.96 / 20 wide.
  Rng rng(9);
  std::vector<double> x;
  for (int i = 0; i < 400; ++i) {
    x.push_back(domain::normal_quantile(1e-9 + (1 - 2e-9) * rng.uniform()));
  }
  std::vector<double> means;
  for (std::uint64_t draw = 0; draw < 1000; ++draw) {
    const auto counts = bootstrap_counts(x.size(), 1, draw);
    double sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i) sum += counts[i] * x[i];
    means.push_back(sum / 400);
  }
  const Interval interval = percentile_interval(means, 0.95);
  EXPECT_NEAR(interval.high - interval.low, 2 * 1.96 / 20, 0.025);
}

TEST(PercentileInterval, ByHand) {
  std::vector<double> draws;
  for (int i = 100; i >= 0; --i) draws.push_back(i);
  const Interval interval = percentile_interval(draws, 0.9);
  EXPECT_DOUBLE_EQ(interval.low, 5);
  EXPECT_DOUBLE_EQ(interval.high, 95);
}

}  // namespace
}  // namespace ara::evaluation
