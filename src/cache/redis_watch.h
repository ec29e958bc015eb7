#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "cache/redis_client.h"

namespace ara::cache {

/// Asks a cluster again and again how many of its slots are served, so that who wants to know need
/// not wait for it, and whether what circuit breakers leave alone is there again.
class RedisWatch {
 public:
  explicit RedisWatch(std::shared_ptr<RedisClient> client,
                      std::chrono::milliseconds every = std::chrono::seconds(2));
  ~RedisWatch();
  RedisWatch(const RedisWatch&) = delete;
  RedisWatch& operator=(const RedisWatch&) = delete;

  /// As of the last time; 0 where no node answered then, nothing before the first.
  std::optional<std::uint64_t> slots_covered() const;

 private:
  void run();

  const std::shared_ptr<RedisClient> client_;
  const std::chrono::milliseconds every_;
  std::atomic<std::int64_t> covered_ = -1;  ///< below 0: not asked yet
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace ara::cache
