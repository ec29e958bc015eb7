#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/hash.h"
#include "domain/slot.h"

/// Which shard holds which slots. A symbol's rows lie in the slot of its name, a forecast's in that
/// of its id; all else lies in the catalog, which is shard 0.
namespace ara::storage {

/// The first 14 bits of the id, so that the forecasts of a range of slots are a range of ids.
constexpr int slot_of_forecast(const Hash128& id) {
  return static_cast<int>(id.high >> 50);
}

struct SlotRange {
  int first = 0;
  int last = 0;  ///< included

  int size() const { return last - first + 1; }
  friend bool operator==(const SlotRange&, const SlotRange&) = default;
};
inline constexpr SlotRange kAllSlots{0, domain::kSlots - 1};

struct ShardRow {
  int number = 0;
  std::string name;
  std::string hosts;  ///< "HOST:PORT,HOST:PORT", perhaps with "/DATABASE"; empty for the catalog

  friend bool operator==(const ShardRow&, const ShardRow&) = default;
};

/// A range of slots and who holds it.
struct PlacedSlots {
  SlotRange slots;
  int shard = 0;

  friend bool operator==(const PlacedSlots&, const PlacedSlots&) = default;
};

/// The whole map. `placed` ascends and has every slot once.
struct ShardMap {
  std::uint64_t epoch = 0;                           ///< grows with every change
  std::vector<ShardRow> shards{{0, "catalog", {}}};  ///< ascending by number
  std::vector<PlacedSlots> placed{{kAllSlots, 0}};

  int shard_of(int slot) const;
  std::vector<SlotRange> slots_of(int shard) const;
  int count_of(int shard) const;
  void move(SlotRange slots, int target);
  /// Whether `placed` is what is said of it and names shards that there are.
  bool sound() const;
};

struct SlotMove {
  SlotRange slots;
  int source = 0;
  int target = 0;

  friend bool operator==(const SlotMove&, const SlotMove&) = default;
};

/// What gives `target`, which holds little or nothing yet, an equal share: from the end of what
/// each of the others holds above its own.
std::vector<SlotMove> plan_growth(const ShardMap& map, int target);
/// What empties `source`, so that the others have equal shares.
std::vector<SlotMove> plan_removal(const ShardMap& map, int source);
/// The same moves in parts of at most `most` by the weights of their slots, or of one slot.
std::vector<SlotMove> cut(std::span<const SlotMove> moves, std::span<const std::uint64_t> weights,
                          std::uint64_t most);

}  // namespace ara::storage
