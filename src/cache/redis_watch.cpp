#include "cache/redis_watch.h"

#include <utility>

namespace ara::cache {

RedisWatch::RedisWatch(std::shared_ptr<RedisClient> client, std::chrono::milliseconds every)
    : client_(std::move(client)), every_(every), thread_([this] { run(); }) {}

RedisWatch::~RedisWatch() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

std::optional<std::uint64_t> RedisWatch::slots_covered() const {
  const std::int64_t covered = covered_;
  if (covered < 0) return std::nullopt;
  return static_cast<std::uint64_t>(covered);
}

void RedisWatch::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    const auto covered = client_->slots_covered({});
    covered_ = covered ? static_cast<std::int64_t>(*covered) : 0;
    client_->probe();
    lock.lock();
    wake_.wait_for(lock, every_, [this] { return stopping_; });
  }
}

}  // namespace ara::cache
