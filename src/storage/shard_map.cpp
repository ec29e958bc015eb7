#include "storage/shard_map.h"

#include <algorithm>
#include <map>

namespace ara::storage {
namespace {

/// Equal shares of all slots, the first ones one larger where they do not divide.
std::map<int, int> equal_shares(const std::vector<int>& shards) {
  const int count = static_cast<int>(shards.size());
  std::map<int, int> shares;
  for (int i = 0; i < count; ++i) {
    shares[shards[static_cast<std::size_t>(i)]] =
        domain::kSlots / count + (i < domain::kSlots % count ? 1 : 0);
  }
  return shares;
}

/// Up to `count` slots from the end of `held`, which loses them.
std::vector<SlotRange> take_last(std::vector<SlotRange>& held, int count) {
  std::vector<SlotRange> taken;
  while (count > 0 && !held.empty()) {
    SlotRange& last = held.back();
    const int part = std::min(count, last.size());
    taken.push_back({last.last - part + 1, last.last});
    last.last -= part;
    if (last.size() == 0) held.pop_back();
    count -= part;
  }
  return taken;
}

}  // namespace

int ShardMap::shard_of(int slot) const {
  const auto after = std::ranges::upper_bound(
      placed, slot, {}, [](const PlacedSlots& one) { return one.slots.first; });
  return std::prev(after)->shard;
}

std::vector<SlotRange> ShardMap::slots_of(int shard) const {
  std::vector<SlotRange> held;
  for (const PlacedSlots& one : placed) {
    if (one.shard == shard) held.push_back(one.slots);
  }
  return held;
}

int ShardMap::count_of(int shard) const {
  int count = 0;
  for (const PlacedSlots& one : placed) count += one.shard == shard ? one.slots.size() : 0;
  return count;
}

void ShardMap::move(SlotRange slots, int target) {
  std::vector<PlacedSlots> parts;
  for (const PlacedSlots& one : placed) {
    const auto [first, last] = one.slots;
    if (first < slots.first) parts.push_back({{first, std::min(last, slots.first - 1)}, one.shard});
    if (last > slots.last) parts.push_back({{std::max(first, slots.last + 1), last}, one.shard});
  }
  parts.push_back({slots, target});
  std::ranges::sort(parts, {}, [](const PlacedSlots& one) { return one.slots.first; });
  placed.clear();
  for (const PlacedSlots& one : parts) {
    if (!placed.empty() && placed.back().shard == one.shard) {
      placed.back().slots.last = one.slots.last;
    } else {
      placed.push_back(one);
    }
  }
}

bool ShardMap::sound() const {
  int next = 0;
  for (const PlacedSlots& one : placed) {
    if (one.slots.first != next || one.slots.size() < 1) return false;
    if (std::ranges::find(shards, one.shard, &ShardRow::number) == shards.end()) return false;
    next = one.slots.last + 1;
  }
  return next == domain::kSlots && !shards.empty() && shards.front().number == 0;
}

std::vector<SlotMove> plan_growth(const ShardMap& map, int target) {
  std::vector<int> sharing{target};
  for (const ShardRow& one : map.shards) {
    if (one.number != target) sharing.push_back(one.number);
  }
  std::ranges::sort(sharing);
  const auto shares = equal_shares(sharing);
  int wanted = shares.at(target) - map.count_of(target);
  std::vector<SlotMove> moves;
  for (const int source : sharing) {
    if (source == target) continue;
    auto held = map.slots_of(source);
    const int spare = std::clamp(map.count_of(source) - shares.at(source), 0, std::max(0, wanted));
    for (const SlotRange& slots : take_last(held, spare)) {
      moves.push_back({slots, source, target});
    }
    wanted -= spare;
  }
  return moves;
}

std::vector<SlotMove> plan_removal(const ShardMap& map, int source) {
  std::vector<int> staying;
  for (const ShardRow& one : map.shards) {
    if (one.number != source) staying.push_back(one.number);
  }
  if (staying.empty()) return {};
  const auto shares = equal_shares(staying);
  std::vector<SlotMove> moves;
  auto held = map.slots_of(source);
  for (const int target : staying) {
    const bool rest = target == staying.back();
    const int room = rest ? domain::kSlots : std::max(0, shares.at(target) - map.count_of(target));
    for (const SlotRange& slots : take_last(held, room)) moves.push_back({slots, source, target});
  }
  return moves;
}

std::vector<SlotMove> cut(std::span<const SlotMove> moves, std::span<const std::uint64_t> weights,
                          std::uint64_t most) {
  std::vector<SlotMove> parts;
  for (const SlotMove& move : moves) {
    int first = move.slots.first;
    std::uint64_t sum = 0;
    for (int slot = first; slot <= move.slots.last; ++slot) {
      const std::uint64_t weight = weights[static_cast<std::size_t>(slot)];
      if (slot > first && sum + weight > most) {
        parts.push_back({{first, slot - 1}, move.source, move.target});
        first = slot;
        sum = 0;
      }
      sum += weight;
    }
    parts.push_back({{first, move.slots.last}, move.source, move.target});
  }
  return parts;
}

}  // namespace ara::storage
