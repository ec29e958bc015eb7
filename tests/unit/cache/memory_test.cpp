#include <gtest/gtest.h>
#include <malloc.h>

#include <atomic>
#include <string>
#include <thread>

#include "base/rng.h"
#include "cache/tier.h"
#include "support/manual_clock.h"

namespace ara::cache {
namespace {

using std::chrono::seconds;

Key key(std::uint64_t number) {
  return {{mix64(number), number}, "AAPL"};
}

Value text(std::size_t size) {
  return std::make_shared<const std::string>(size, 'x');
}

bool holds(Tier& tier, std::uint64_t number) {
  return tier.get(key(number), {}).value() != nullptr;
}

void put(Tier& tier, std::uint64_t number, std::size_t size = 100, seconds ttl = seconds(1000)) {
  ASSERT_TRUE(tier.put(key(number), text(size), ttl, {}));
}

void expect_balanced(const TierStats& stats) {
  EXPECT_EQ(stats.entries, stats.admitted - stats.evicted - stats.expired);
}

TEST(MemoryTier, BytesNeverPassTheBound) {
  for (const std::uint64_t capacity : {3'000ULL, 50'000ULL, 1'000'000ULL, 5'000'000ULL}) {
    support::ManualClock clock;
    const auto tier = make_memory_tier(capacity, clock);
    Rng rng(capacity);
    for (int i = 0; i < 30'000; ++i) {
      const std::uint64_t at = rng.below(2000);
      // Mostly small, now and then a value of a size near the whole capacity or beyond it.
      const std::size_t size = rng.below(50) == 0
                                   ? rng.below(static_cast<std::uint32_t>(capacity + capacity / 4))
                                   : rng.below(3000);
      if (rng.below(3) == 0) {
        tier->get(key(at), {}).value();
      } else {
        put(*tier, at, size, seconds(rng.below(100)));
      }
      if (rng.below(20) == 0) clock.advance(std::chrono::milliseconds(rng.below(3000)));
      if (i % 10 == 0) {
        const TierStats stats = tier->stats();
        ASSERT_LE(stats.bytes, capacity);
        ASSERT_EQ(stats.entries, stats.admitted - stats.evicted - stats.expired);
      }
    }
    EXPECT_GT(tier->stats().evicted, 0U);
    EXPECT_GT(tier->stats().expired, 0U);
  }
}

TEST(MemoryTier, BytesAreThoseOfTheHeap) {
  const std::size_t before = mallinfo2().uordblks;
  if (before == 0) GTEST_SKIP() << "this build brings its own allocator, which does not tell";
  const auto tier = make_memory_tier(60 << 20);
  for (std::uint64_t i = 0; i < 20'000; ++i) put(*tier, i, 100 + i % 1900);
  const auto taken = static_cast<double>(mallinfo2().uordblks + mallinfo2().hblkhd - before);
  EXPECT_NEAR(static_cast<double>(tier->stats().bytes) / taken, 1.0, 0.03);
}

TEST(MemoryTier, CapacityForHoldsJustThatMany) {
  for (const std::uint64_t entries : {10ULL, 100ULL, 1000ULL}) {
    for (const std::size_t size : {0ULL, 15ULL, 16ULL, 557ULL, 1000ULL}) {
      const auto tier = make_memory_tier(memory_capacity_for(entries, size));
      for (std::uint64_t i = 0; i < 3 * entries; ++i) put(*tier, i, size);
      EXPECT_NEAR(static_cast<double>(tier->stats().entries), static_cast<double>(entries),
                  static_cast<double>(entries) * 0.02)
          << size;
    }
  }
}

TEST(MemoryTier, DeclinesWhatIsLargerThanItself) {
  const auto tier = make_memory_tier(10'000);
  put(*tier, 1, 100);
  put(*tier, 2, 10'000);
  EXPECT_TRUE(holds(*tier, 1));
  EXPECT_FALSE(holds(*tier, 2));
  expect_balanced(tier->stats());
}

TEST(MemoryTier, WithoutRoomItHoldsNothing) {
  for (const std::uint64_t capacity : {0ULL, 1ULL, 1000ULL}) {
    const auto tier = make_memory_tier(capacity);
    put(*tier, 1, 0);
    EXPECT_FALSE(holds(*tier, 1));
    EXPECT_LE(tier->stats().bytes, capacity);
  }
}

TEST(MemoryTier, ExpiredEntriesAreMissesAndFreeTheirRoom) {
  support::ManualClock clock;
  const auto tier = make_memory_tier(1'000'000, clock);
  const std::uint64_t empty = tier->stats().bytes;
  for (std::uint64_t i = 0; i < 300; ++i) put(*tier, i, 100, seconds(1 + i % 300));
  EXPECT_EQ(tier->stats().entries, 300U);
  clock.advance(seconds(150));
  EXPECT_EQ(tier->stats().entries, 150U);  // without anyone asking for them
  EXPECT_FALSE(holds(*tier, 0));
  EXPECT_TRUE(holds(*tier, 299));
  clock.advance(seconds(1000));
  EXPECT_FALSE(holds(*tier, 299));
  const TierStats stats = tier->stats();
  EXPECT_EQ(stats.expired, 300U);
  EXPECT_EQ(stats.misses, 2U);
  EXPECT_EQ(stats.entries, 0U);
  EXPECT_EQ(stats.bytes, empty);
}

TEST(MemoryTier, PutsAloneFreeWhatHasExpired) {
  support::ManualClock clock;
  const auto tier = make_memory_tier(memory_capacity_for(100, 100), clock);
  for (std::uint64_t i = 0; i < 100; ++i) put(*tier, i, 100, seconds(5));
  for (int round = 0; round < 10; ++round) {
    for (std::uint64_t i = 0; i < 100; ++i) holds(*tier, i);  // much asked for, while they live
  }
  clock.advance(seconds(6));
  for (std::uint64_t i = 1000; i < 1100; ++i) put(*tier, i);
  for (std::uint64_t i = 1000; i < 1100; ++i) EXPECT_TRUE(holds(*tier, i)) << i;
  EXPECT_EQ(tier->stats().evicted, 0U);
}

TEST(MemoryTier, OfEquallyPopularTheLeastRecentGives) {
  const auto tier = make_memory_tier(memory_capacity_for(10, 100));
  for (std::uint64_t i = 0; i < 10; ++i) put(*tier, i);
  put(*tier, 100);  // seen once, like those it would replace: not better
  EXPECT_EQ(tier->stats().evicted, 1U);
  put(*tier, 100);  // seen twice
  for (std::uint64_t i = 1; i < 10; ++i) EXPECT_TRUE(holds(*tier, i)) << i;
  EXPECT_FALSE(holds(*tier, 0));
  EXPECT_TRUE(holds(*tier, 100));
}

TEST(MemoryTier, AScanLeavesThePopularWhereTheyAre) {
  const auto tier = make_memory_tier(memory_capacity_for(200, 100));
  for (int round = 0; round < 6; ++round) {
    for (std::uint64_t i = 0; i < 100; ++i) {
      if (!holds(*tier, i)) put(*tier, i);
    }
  }
  for (std::uint64_t i = 1000; i < 3000; ++i) put(*tier, i);
  std::size_t kept = 0;
  for (std::uint64_t i = 0; i < 100; ++i) kept += holds(*tier, i);
  EXPECT_GE(kept, 95U);
}

TEST(MemoryTier, ManySmallOnesDoNotGiveWayToOneLarge) {
  const auto tier = make_memory_tier(100'000);
  for (int round = 0; round < 3; ++round) {
    for (std::uint64_t i = 0; i < 200; ++i) {
      if (!holds(*tier, i)) put(*tier, i, 100);
    }
  }
  const std::uint64_t entries = tier->stats().entries;
  put(*tier, 1000, 80'000);
  EXPECT_FALSE(holds(*tier, 1000));
  EXPECT_EQ(tier->stats().entries, entries);
}

TEST(MemoryTier, FollowsWhenThePopularChange) {
  const auto tier = make_memory_tier(memory_capacity_for(100, 100));
  for (std::uint64_t generation = 0; generation < 5; ++generation) {
    std::size_t hits = 0;
    for (int round = 0; round < 200; ++round) {
      for (std::uint64_t i = 0; i < 50; ++i) {
        const bool held = holds(*tier, generation * 1000 + i);
        if (!held) put(*tier, generation * 1000 + i);
        if (round >= 190) hits += held;
      }
    }
    EXPECT_GE(hits, 490U) << generation;
  }
}

TEST(MemoryTier, HammeredByThreadsItStaysWhole) {
  support::ManualClock clock;
  constexpr std::uint64_t kCapacity = 2 << 20;
  const auto tier = make_memory_tier(kCapacity, clock);
  std::atomic<int> wrong = 0;
  std::atomic<bool> stop = false;
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      Rng rng(t);
      for (int i = 0; i < 20'000; ++i) {
        const std::uint64_t at = rng.below(3000);
        const Value value = tier->get(key(at), {}).value();
        if (value && value->size() != 16 + at) ++wrong;
        if (!value) (void)tier->put(key(at), text(16 + at), seconds(1 + rng.below(30)), {});
      }
    });
  }
  std::thread watcher([&] {
    while (!stop) {
      if (tier->stats().bytes > kCapacity) ++wrong;
      clock.advance(std::chrono::milliseconds(10));
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  for (std::thread& each : threads) each.join();
  stop = true;
  watcher.join();
  EXPECT_EQ(wrong, 0);
  const TierStats stats = tier->stats();
  expect_balanced(stats);
  EXPECT_EQ(stats.hits + stats.misses, 60'000U);
}

}  // namespace
}  // namespace ara::cache
