// What every tier of the cache promises. A new tier joins by a row in kinds().
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>

#include "cache/redis.h"
#include "cache/tier.h"
#include "support/manual_clock.h"
#include "support/redis_cluster.h"

namespace ara::cache {
namespace {

using std::chrono::seconds;

/// A tier to be tested, and the way to let time pass for it; no tier where it cannot be had.
struct Rig {
  std::unique_ptr<Tier> tier;
  std::function<void(std::chrono::milliseconds)> pass;
};

struct Kind {
  std::string name;
  std::function<Rig()> make;
};

constexpr std::uint64_t kCapacity = 4 << 20;

std::vector<Kind> kinds() {
  const auto manual = [](auto make) {
    return [make] {
      auto clock = std::make_shared<support::ManualClock>();
      auto tier = make(*clock);
      return Rig{std::move(tier), [clock](auto span) { clock->advance(span); }};
    };
  };
  // The servers have their own clock: there time passes by itself.
  const auto redis = [](auto compose) {
    return [compose]() -> Rig {
      if (!support::RedisCluster::installed()) return {};
      auto clock = std::make_shared<support::ManualClock>();
      auto tier = compose(make_redis_tier(support::RedisCluster::shared().client()), *clock);
      return {std::move(tier), [clock](auto span) {
                clock->advance(span);
                std::this_thread::sleep_for(span);
              }};
    };
  };
  return {
      {"Memory", manual([](const Clock& clock) { return make_memory_tier(kCapacity, clock); })},
      {"Tiered", manual([](const Clock& clock) {
         std::vector<std::shared_ptr<Tier>> tiers;
         tiers.push_back(make_memory_tier(kCapacity / 2, clock));
         tiers.push_back(make_memory_tier(kCapacity / 2, clock));
         return make_tiered(std::move(tiers), seconds(10));
       })},
      {"Redis", redis([](auto tier, const Clock&) { return tier; })},
      {"TieredOnRedis", redis([](auto tier, const Clock& clock) {
         std::vector<std::shared_ptr<Tier>> tiers;
         tiers.push_back(make_memory_tier(kCapacity, clock));
         tiers.push_back(std::move(tier));
         return make_tiered(std::move(tiers), seconds(10));
       })},
  };
}

class TierContract : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    if (rig_.tier == nullptr) GTEST_SKIP() << support::RedisCluster::kMissing;
  }
  void put(const Key& key, std::string text, seconds ttl = seconds(10)) {
    ASSERT_TRUE(tier().put(key, std::make_shared<const std::string>(std::move(text)), ttl, {}));
  }
  Value get(const Key& key) { return tier().get(key, {}).value(); }
  Tier& tier() { return *rig_.tier; }
  void pass(std::chrono::milliseconds span) { rig_.pass(span); }

 private:
  Rig rig_ = GetParam().make();
};

INSTANTIATE_TEST_SUITE_P(Tiers, TierContract, testing::ValuesIn(kinds()),
                         [](const auto& kind) { return kind.param.name; });

const Key kKey{{1, 2}, "AAPL"};

TEST_P(TierContract, HasNothingAtFirst) {
  EXPECT_EQ(get(kKey), nullptr);
}

TEST_P(TierContract, GivesBackTheVeryBytes) {
  std::string all(256, '\0');
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<char>(i);
  put(kKey, all);
  ASSERT_NE(get(kKey), nullptr);
  EXPECT_EQ(*get(kKey), all);
}

TEST_P(TierContract, AnEmptyValueIsAValue) {
  put(kKey, "");
  ASSERT_NE(get(kKey), nullptr);
  EXPECT_EQ(*get(kKey), "");
}

TEST_P(TierContract, ALaterPutReplaces) {
  put(kKey, "one");
  put(kKey, "another, longer");
  ASSERT_NE(get(kKey), nullptr);
  EXPECT_EQ(*get(kKey), "another, longer");
}

TEST_P(TierContract, TheWholeIdTellsKeysApart) {
  put({{1, 2}, "AAPL"}, "a");
  put({{2, 2}, "AAPL"}, "b");
  put({{1, 3}, "AAPL"}, "c");
  put({{2, 1}, "AAPL"}, "d");
  EXPECT_EQ(*get({{1, 2}, "AAPL"}), "a");
  EXPECT_EQ(*get({{2, 2}, "AAPL"}), "b");
  EXPECT_EQ(*get({{1, 3}, "AAPL"}), "c");
  EXPECT_EQ(*get({{2, 1}, "AAPL"}), "d");
}

TEST_P(TierContract, ForgetsAfterTheTimeToLive) {
  put(kKey, "soon gone", seconds(2));
  put({{3, 4}, "MSFT"}, "stays", seconds(10));
  pass(std::chrono::milliseconds(1500));
  EXPECT_NE(get(kKey), nullptr);
  pass(std::chrono::milliseconds(600));
  EXPECT_EQ(get(kKey), nullptr);
  EXPECT_NE(get({{3, 4}, "MSFT"}), nullptr);
}

TEST_P(TierContract, APutRenewsTheTimeToLive) {
  put(kKey, "x", seconds(2));
  pass(std::chrono::milliseconds(1500));
  put(kKey, "x", seconds(2));
  pass(std::chrono::milliseconds(1500));
  EXPECT_NE(get(kKey), nullptr);
}

TEST_P(TierContract, NothingIsKeptForNoTime) {
  put(kKey, "x", seconds(0));
  EXPECT_EQ(get(kKey), nullptr);
}

TEST_P(TierContract, CountsHitsMissesAndWhatItHolds) {
  const TierStats before = tier().stats();
  get(kKey);
  put(kKey, std::string(1000, 'x'));
  get(kKey);
  get(kKey);
  const TierStats after = tier().stats();
  EXPECT_EQ(after.misses - before.misses, 1U);
  EXPECT_EQ(after.hits - before.hits, 2U);
  EXPECT_GT(after.entries, before.entries);
  EXPECT_GT(after.admitted, before.admitted);
  EXPECT_GE(after.bytes, before.bytes + 1000);
}

TEST_P(TierContract, ManyThreadsGetOnlyWhatWasPut) {
  constexpr std::uint64_t kKeys = 500;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (std::uint64_t i = 0; i < 2000; ++i) {
        const std::uint64_t at = (i * 7 + t * 13) % kKeys;
        const Key key{{at, at}, "AAPL"};
        const std::string expected = "value " + std::to_string(at);
        const auto value = tier().get(key, {});
        if (!value || (*value && **value != expected)) ++wrong;
        if (value && !*value) {
          (void)tier().put(key, std::make_shared<const std::string>(expected), seconds(10), {});
        }
      }
    });
  }
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace ara::cache
