// Which slots go where when shards come and go.
#include "storage/shard_map.h"

#include <gtest/gtest.h>

#include <array>
#include <set>

namespace ara::storage {
namespace {

/// Names as exchanges have them: one to five letters, some with a suffix.
std::vector<std::string> many_symbols(std::size_t count) {
  constexpr std::array<std::string_view, 6> kSuffixes{"", "", "", ".L", "-USD", ".DE"};
  std::set<std::string> names;
  for (std::uint64_t i = 0; names.size() < count; ++i) {
    std::uint64_t draw = mix64(i + 1);
    const std::size_t length = 1 + std::max(draw % 5, (draw / 5) % 5);
    draw /= 25;
    std::string name;
    for (std::size_t k = 0; k < length; ++k, draw /= 26) name += static_cast<char>('A' + draw % 26);
    names.insert(name + std::string(kSuffixes[draw % kSuffixes.size()]));
  }
  return {names.begin(), names.end()};
}

ShardMap map_of(int shards) {
  ShardMap map;
  for (int number = 1; number < shards; ++number) {
    map.shards.push_back({number, "s" + std::to_string(number), "h:1"});
    for (const SlotMove& one : plan_growth(map, number)) map.move(one.slots, one.target);
  }
  return map;
}

double share_moved(const std::vector<SlotMove>& moves, const std::vector<std::string>& symbols) {
  std::vector<bool> moving(domain::kSlots, false);
  for (const SlotMove& one : moves) {
    for (int slot = one.slots.first; slot <= one.slots.last; ++slot) {
      EXPECT_FALSE(moving[static_cast<std::size_t>(slot)]) << "moved twice";
      moving[static_cast<std::size_t>(slot)] = true;
    }
  }
  std::size_t count = 0;
  for (const std::string& name : symbols) {
    count += moving[static_cast<std::size_t>(domain::slot_of(name))] ? 1 : 0;
  }
  return static_cast<double>(count) / static_cast<double>(symbols.size());
}

TEST(ShardMap, GrowingMovesNoMoreThanTheNewShardsShare) {
  const auto symbols = many_symbols(10'000);
  for (int shards = 1; shards <= 8; ++shards) {
    ShardMap map = map_of(shards);
    map.shards.push_back({shards, "new", "h:1"});
    const auto moves = plan_growth(map, shards);
    EXPECT_LE(share_moved(moves, symbols), 1.0 / (shards + 1) + 0.02) << shards << " shards";
    for (const SlotMove& one : moves) {
      EXPECT_EQ(map.shard_of(one.slots.first), one.source);
      EXPECT_EQ(map.shard_of(one.slots.last), one.source);
      map.move(one.slots, one.target);
    }
    EXPECT_TRUE(map.sound());
    for (const ShardRow& one : map.shards) {
      EXPECT_NEAR(map.count_of(one.number), domain::kSlots / (shards + 1.0), 1.0);
    }
  }
}

TEST(ShardMap, ShrinkingMovesWhatTheShardHeld) {
  const auto symbols = many_symbols(10'000);
  for (int shards = 2; shards <= 8; ++shards) {
    for (const int leaving : {1, shards - 1}) {
      ShardMap map = map_of(shards);
      const auto moves = plan_removal(map, leaving);
      EXPECT_LE(share_moved(moves, symbols), 1.0 / shards + 0.02);
      for (const SlotMove& one : moves) map.move(one.slots, one.target);
      EXPECT_EQ(map.count_of(leaving), 0);
      std::erase_if(map.shards, [&](const ShardRow& one) { return one.number == leaving; });
      EXPECT_TRUE(map.sound());
      for (const ShardRow& one : map.shards) {
        EXPECT_NEAR(map.count_of(one.number), domain::kSlots / (shards - 1.0), 2.0);
      }
    }
  }
}

TEST(ShardMap, FindsTheShardOfEverySlot) {
  ShardMap map = map_of(5);
  map.move({100, 100}, 3);
  map.move({0, 0}, 4);
  map.move({16383, 16383}, 0);
  ASSERT_TRUE(map.sound());
  for (int slot = 0; slot < domain::kSlots; ++slot) {
    const int shard = map.shard_of(slot);
    bool found = false;
    for (const SlotRange& range : map.slots_of(shard)) {
      found = found || (range.first <= slot && slot <= range.last);
    }
    ASSERT_TRUE(found) << slot;
  }
  EXPECT_EQ(map.shard_of(100), 3);
  EXPECT_EQ(map.shard_of(0), 4);
  EXPECT_EQ(map.shard_of(16383), 0);
}

TEST(ShardMap, MovingBackMendsTheRanges) {
  const ShardMap before = map_of(2);
  ShardMap map = before;
  map.move({10, 20}, 1);
  EXPECT_EQ(map.placed.size(), before.placed.size() + 2);
  map.move({10, 20}, 0);
  EXPECT_EQ(map.placed, before.placed);
}

TEST(ShardMap, CutsByWeight) {
  std::vector<std::uint64_t> weights(domain::kSlots, 1);
  weights[5] = 100;
  const std::vector<SlotMove> moves{{{0, 9}, 0, 1}, {{20, 22}, 0, 1}};
  const auto parts = cut(moves, weights, 4);
  const std::vector<SlotMove> expected{
      {{0, 3}, 0, 1}, {{4, 4}, 0, 1}, {{5, 5}, 0, 1}, {{6, 9}, 0, 1}, {{20, 22}, 0, 1}};
  EXPECT_EQ(parts, expected);
  const std::vector<std::uint64_t> nothing(domain::kSlots, 0);
  EXPECT_EQ(cut(moves, nothing, 4), moves);
}

TEST(ShardMap, TheSlotOfAForecastIsTheBeginningOfItsId) {
  EXPECT_EQ(slot_of_forecast({0, ~0ULL}), 0);
  EXPECT_EQ(slot_of_forecast({~0ULL, 0}), domain::kSlots - 1);
  EXPECT_EQ(slot_of_forecast({0x0004'0000'0000'0000ULL, 0}), 1);
}

}  // namespace
}  // namespace ara::storage
