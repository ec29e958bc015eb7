// The parts of the eviction policy by themselves.
#include <gtest/gtest.h>

#include <functional>

#include "base/hash.h"
#include "base/rng.h"
#include "cache/frequency_sketch.h"
#include "cache/window_climber.h"

namespace ara::cache {
namespace {

TEST(FrequencySketch, NeverCountsTooLowAndSeldomTooHigh) {
  FrequencySketch sketch(8192);  // 16,384 counters
  Rng rng(1);
  std::vector<std::uint32_t> truth(1000);
  for (int i = 0; i < 6000; ++i) {
    const std::uint32_t at = rng.below(1000);
    sketch.add(mix64(at));
    ++truth[at];
  }
  int above = 0;
  for (std::uint32_t i = 0; i < truth.size(); ++i) {
    const std::uint32_t exact = std::min(truth[i], FrequencySketch::kMax);
    EXPECT_GE(sketch.estimate(mix64(i)), exact);
    above += sketch.estimate(mix64(i)) > exact;
  }
  EXPECT_LT(above, 30);
}

TEST(FrequencySketch, HalvesOnceThePeriodIsOver) {
  FrequencySketch sketch(64);
  for (int i = 0; i < 40; ++i) sketch.add(7);
  EXPECT_EQ(sketch.estimate(7), 15U);
  sketch.age_after(41);
  EXPECT_EQ(sketch.estimate(7), 15U);
  sketch.age_after(40);
  EXPECT_EQ(sketch.estimate(7), 7U);
  sketch.age_after(40);  // a new period has begun
  EXPECT_EQ(sketch.estimate(7), 7U);
}

TEST(FrequencySketch, TakesWholeCacheLines) {
  EXPECT_EQ(FrequencySketch(0).bytes(), 64U);
  EXPECT_EQ(FrequencySketch(1000).bytes(), 960U);
}

/// Where the climber stands after `samples` looks at a cache whose hit rate depends on the share,
/// with the noise of a sample of 5,000.
double climb(const std::function<double(double)>& rate, int samples) {
  WindowClimber climber;
  Rng rng(3);
  std::uint64_t hits = 0, requests = 0;
  for (int i = 0; i < samples; ++i) {
    const double now = rate(climber.share());
    for (int request = 0; request < 5000; ++request) hits += rng.uniform() < now;
    requests += 5000;
    climber.observe(hits, requests - hits, 100);
  }
  return climber.share();
}

TEST(WindowClimber, WidensWhereThatPays) {
  EXPECT_GT(climb([](double share) { return 0.1 + 0.7 * share; }, 60), 0.6);
}

TEST(WindowClimber, StaysSmallWhereItDoesNot) {
  EXPECT_LT(climb([](double share) { return 0.5 - 0.1 * share; }, 60), 0.1);
  EXPECT_LT(climb([](double) { return 0.5; }, 60), 0.1);
}

TEST(WindowClimber, WaitsForAWholeSample) {
  WindowClimber climber;
  EXPECT_FALSE(climber.observe(4000, 999, 100));
  EXPECT_FALSE(climber.observe(4000, 5999, 1000));
  EXPECT_TRUE(climber.observe(4000, 6000, 1000));
}

}  // namespace
}  // namespace ara::cache
