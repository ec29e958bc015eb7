#include "cache/redis_watch.h"

#include <utility>

namespace ara::cache {

RedisWatch::RedisWatch(std::shared_ptr<RedisClient> client, std::chrono::milliseconds every)
    : client_(std::move(client)), looks_(every, [this] { look(); }) {}

std::optional<std::uint64_t> RedisWatch::slots_covered() const {
  const std::int64_t covered = covered_;
  if (covered < 0) return std::nullopt;
  return static_cast<std::uint64_t>(covered);
}

void RedisWatch::look() {
  const auto covered = client_->slots_covered({});
  covered_ = covered ? static_cast<std::int64_t>(*covered) : 0;
  client_->probe();
}

}  // namespace ara::cache
