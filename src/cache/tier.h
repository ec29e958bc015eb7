#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/hash.h"
#include "base/result.h"

namespace ara::cache {

/// Ready-made bytes; shared, never changed.
using Value = std::shared_ptr<const std::string>;

/// `id` names the value in every tier; `tag` (the symbol) places it in a cluster.
struct Key {
  Hash128 id;
  std::string_view tag;
};

/// In a memory tier entries = admitted - evicted - expired.
struct TierStats {
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;    ///< expired entries that were asked for included
  std::uint64_t admitted = 0;  ///< new entries taken in, for however short a while
  std::uint64_t evicted = 0;   ///< gave way to others
  std::uint64_t expired = 0;   ///< outlived their ttl and were freed
  std::uint64_t bytes = 0;     ///< held now, keys and bookkeeping included
  std::uint64_t entries = 0;
};

/// One tier of a cache whose entries are never wrong, only absent: a key names the content, so
/// there is no invalidation. Thread-safe.
class Tier {
 public:
  virtual ~Tier() = default;

  /// The value, or null where the tier does not hold it. An error means the tier is ailing; the
  /// caller goes on without it.
  virtual Result<Value> get(const Key& key, const Call& call) = 0;
  /// Offers a value for at most `ttl`; the tier may decline.
  virtual Result<void> put(const Key& key, const Value& value, std::chrono::seconds ttl,
                           const Call& call) = 0;
  virtual TierStats stats() const = 0;
};

/// In this process, bounded by bytes, sharded by key. Eviction is W-TinyLFU (Einziger, Friedman and
/// Manes 2017, "TinyLFU: A Highly Efficient Cache Admission Policy"). get() takes one short lock
/// that no slow work is ever done under, and never fails.
/// Below about 2 KiB there is no room for anything.
std::unique_ptr<Tier> make_memory_tier(std::uint64_t capacity_bytes,
                                       const Clock& clock = system_clock());

/// The capacity in bytes with which a memory tier holds that many values of `value_bytes` each (the
/// capacity of their strings), bookkeeping included.
std::uint64_t memory_capacity_for(std::uint64_t entries, std::size_t value_bytes);

/// Asks the tiers in order and stores upward what a lower one had; puts go to all. A tier that
/// fails is passed over. get() fails only if nothing was found and some tier failed.
std::unique_ptr<Tier> make_tiered(std::vector<std::shared_ptr<Tier>> tiers,
                                  std::chrono::seconds refill_ttl);

}  // namespace ara::cache
