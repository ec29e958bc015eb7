#include "cache/breaker.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "support/manual_clock.h"

namespace ara::cache {
namespace {

using std::chrono::milliseconds;

class BreakerTest : public testing::Test {
 protected:
  void fail(int times) {
    for (int i = 0; i < times; ++i) breaker_.failed();
  }

  support::ManualClock clock_;
  Breaker breaker_{clock_, {.failures = 3, .rest = milliseconds{500}}};
};

TEST_F(BreakerTest, OpensAfterFailuresInARow) {
  fail(2);
  breaker_.succeeded();
  fail(2);
  EXPECT_TRUE(breaker_.allows());
  EXPECT_FALSE(breaker_.open());
  fail(1);
  EXPECT_TRUE(breaker_.open());
  EXPECT_FALSE(breaker_.allows());
  EXPECT_EQ(breaker_.openings(), 1U);
}

TEST_F(BreakerTest, LetsOneThroughAfterEachRest) {
  fail(3);
  clock_.advance(milliseconds{499});
  EXPECT_FALSE(breaker_.allows());
  clock_.advance(milliseconds{1});
  EXPECT_TRUE(breaker_.allows());
  EXPECT_FALSE(breaker_.allows());
  clock_.advance(milliseconds{500});  // the probe never said how it went
  EXPECT_TRUE(breaker_.allows());
}

TEST_F(BreakerTest, AFailedProbeKeepsItOpenAndIsNoOpening) {
  fail(3);
  clock_.advance(milliseconds{500});
  ASSERT_TRUE(breaker_.allows());
  fail(1);
  EXPECT_FALSE(breaker_.allows());
  EXPECT_EQ(breaker_.openings(), 1U);
}

TEST_F(BreakerTest, ASuccessClosesItAndCountsAfresh) {
  fail(3);
  clock_.advance(milliseconds{500});
  ASSERT_TRUE(breaker_.allows());
  breaker_.succeeded();
  EXPECT_FALSE(breaker_.open());
  EXPECT_TRUE(breaker_.allows());
  fail(2);
  EXPECT_TRUE(breaker_.allows());
  fail(1);
  EXPECT_FALSE(breaker_.allows());
  EXPECT_EQ(breaker_.openings(), 2U);
}

TEST_F(BreakerTest, OfManyThreadsOneIsTheProbe) {
  fail(3);
  clock_.advance(milliseconds{500});
  std::atomic<int> let = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) let += breaker_.allows() ? 1 : 0;
    });
  }
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(let, 1);
}

}  // namespace
}  // namespace ara::cache
