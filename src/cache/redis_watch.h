#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/repeater.h"
#include "cache/redis_client.h"

namespace ara::cache {

/// Asks a cluster again and again how many of its slots are served, so that who wants to know need
/// not wait for it, and whether what circuit breakers leave alone is there again.
class RedisWatch {
 public:
  explicit RedisWatch(std::shared_ptr<RedisClient> client,
                      std::chrono::milliseconds every = std::chrono::seconds(2));

  /// As of the last time; 0 where no node answered then, nothing before the first.
  std::optional<std::uint64_t> slots_covered() const;

 private:
  void look();

  const std::shared_ptr<RedisClient> client_;
  std::atomic<std::int64_t> covered_ = -1;  ///< below 0: not asked yet
  Repeater looks_;
};

}  // namespace ara::cache
