#include <gtest/gtest.h>

#include "cache/tier.h"
#include "support/manual_clock.h"

namespace ara::cache {
namespace {

using std::chrono::seconds;

/// A tier that can be broken.
class Ailing final : public Tier {
 public:
  Result<Value> get(const Key& key, const Call& call) override {
    if (broken) return fail(Code::unavailable, name + " cannot be reached");
    return inner_->get(key, call);
  }
  Result<void> put(const Key& key, const Value& value, seconds ttl, const Call& call) override {
    if (broken) return fail(Code::unavailable, name + " cannot be reached");
    return inner_->put(key, value, ttl, call);
  }
  TierStats stats() const override { return inner_->stats(); }

  Ailing(std::string its_name, const Clock& clock)
      : name(std::move(its_name)), inner_(make_memory_tier(1 << 20, clock)) {}

  const std::string name;
  bool broken = false;

 private:
  std::unique_ptr<Tier> inner_;
};

class TieredTest : public testing::Test {
 protected:
  Value get(Tier& tier) { return tier.get(kKey, {}).value(); }

  const Key kKey{{1, 2}, "AAPL"};
  const Value kValue = std::make_shared<const std::string>("forecast");
  support::ManualClock clock;
  std::shared_ptr<Ailing> first = std::make_shared<Ailing>("first", clock);
  std::shared_ptr<Ailing> second = std::make_shared<Ailing>("second", clock);
  std::unique_ptr<Tier> both = make_tiered({first, second}, seconds(10));
};

TEST_F(TieredTest, PutsGoToAll) {
  ASSERT_TRUE(both->put(kKey, kValue, seconds(100), {}));
  EXPECT_EQ(get(*first), kValue);
  EXPECT_EQ(get(*second), kValue);
}

TEST_F(TieredTest, WhatALowerTierHadIsStoredUpwardForTheRefillTtl) {
  ASSERT_TRUE(second->put(kKey, kValue, seconds(100), {}));
  EXPECT_EQ(get(*both), kValue);
  EXPECT_EQ(get(*first), kValue);
  clock.advance(seconds(11));
  EXPECT_EQ(get(*first), nullptr);
  EXPECT_EQ(get(*both), kValue);
}

TEST_F(TieredTest, ATierThatFailsIsPassedOver) {
  ASSERT_TRUE(second->put(kKey, kValue, seconds(100), {}));
  first->broken = true;
  EXPECT_EQ(get(*both), kValue);
}

TEST_F(TieredTest, GetFailsOnlyIfNothingWasFoundAndATierFailed) {
  EXPECT_EQ(get(*both), nullptr);
  second->broken = true;
  const auto nothing = both->get(kKey, {});
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().message, "second cannot be reached");
  ASSERT_TRUE(first->put(kKey, kValue, seconds(100), {}));
  EXPECT_EQ(get(*both), kValue);
}

TEST_F(TieredTest, APutReachesTheOthersAndTellsOfTheFailure) {
  first->broken = true;
  const auto done = both->put(kKey, kValue, seconds(100), {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Code::unavailable);
  EXPECT_EQ(get(*second), kValue);
}

TEST_F(TieredTest, CountsAMissOnlyWhereNoTierHadIt) {
  ASSERT_TRUE(second->put(kKey, kValue, seconds(100), {}));
  get(*both);
  EXPECT_EQ(both->stats().hits, 1U);
  EXPECT_EQ(both->stats().misses, 0U);
  (void)both->get({{9, 9}, "AAPL"}, {});
  EXPECT_EQ(both->stats().misses, 1U);
}

TEST(Tiered, OfNoTiersHoldsNothing) {
  const auto none = make_tiered({}, seconds(10));
  EXPECT_EQ(none->get({{1, 2}, "AAPL"}, {}).value(), nullptr);
}

}  // namespace
}  // namespace ara::cache
