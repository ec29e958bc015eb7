#include <algorithm>
#include <bit>
#include <memory>
#include <vector>

#include "cache/shard.h"
#include "cache/tier.h"

namespace ara::cache {
namespace {

/// A shard below this holds too few entries for its hit rate to be that of the whole.
constexpr std::uint64_t kShardBytes = 1 << 20;
constexpr std::uint64_t kMaxShards = 256;

std::uint64_t shard_count(std::uint64_t capacity) {
  return std::bit_floor(std::clamp<std::uint64_t>(capacity / kShardBytes, 1, kMaxShards));
}

class MemoryTier final : public Tier {
 public:
  MemoryTier(std::uint64_t capacity, const Clock& clock) {
    const std::uint64_t count = shard_count(capacity);
    for (std::uint64_t i = 0; i < count; ++i) {
      shards_.push_back(std::make_unique<Shard>(capacity / count, clock));
    }
  }

  Result<Value> get(const Key& key, const Call&) override {
    const std::uint64_t hash = hash_of(key.id);
    return shard(hash).get(key.id, hash);
  }

  Result<void> put(const Key& key, const Value& value, std::chrono::seconds ttl,
                   const Call&) override {
    const std::uint64_t hash = hash_of(key.id);
    if (value != nullptr) shard(hash).put(key.id, hash, value, ttl);
    return {};
  }

  TierStats stats() const override {
    TierStats sum;
    for (const auto& each : shards_) {
      const TierStats one = each->stats();
      sum.hits += one.hits;
      sum.misses += one.misses;
      sum.admitted += one.admitted;
      sum.evicted += one.evicted;
      sum.expired += one.expired;
      sum.bytes += one.bytes;
      sum.entries += one.entries;
    }
    return sum;
  }

 private:
  // Ids need not be well mixed; shard (upper bits), bucket (lower) and sketch all rely on that.
  static std::uint64_t hash_of(const Hash128& id) { return mix64(id.low ^ mix64(id.high)); }

  Shard& shard(std::uint64_t hash) const { return *shards_[(hash >> 56) & (shards_.size() - 1)]; }

  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace

std::unique_ptr<Tier> make_memory_tier(std::uint64_t capacity_bytes, const Clock& clock) {
  return std::make_unique<MemoryTier>(capacity_bytes, clock);
}

std::uint64_t memory_capacity_for(std::uint64_t entries, std::size_t value_bytes) {
  const std::uint64_t need = entries * Shard::charge_of(value_bytes);
  std::uint64_t capacity = need;
  for (;;) {
    const std::uint64_t count = shard_count(capacity);
    const std::uint64_t room = count * Shard::room(capacity / count);
    if (room >= need) return capacity;
    capacity += need - room;  // room grows slower than capacity, so this never oversteps
  }
}

}  // namespace ara::cache
