// Messages through the publish and subscribe of Redis Cluster, which tells every member of the
// cluster what is published at one.
#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "cache/redis.h"

namespace ara::cache {
namespace {

using std::chrono::milliseconds;

/// The client library takes no command without a key, by which it finds a node; any would do.
constexpr std::string_view kPublish = "return redis.call('publish', KEYS[1], ARGV[1])";

/// What a silent connection is asked after, and given up after.
constexpr milliseconds kPulse{500};
constexpr int kMostSilent = 3;
/// Between two tries to find a node that can be listened at.
constexpr milliseconds kPause{250};
constexpr milliseconds kConnect{500};

class RedisChannel final : public Channel {
 public:
  RedisChannel(std::shared_ptr<RedisClient> client, std::string name)
      : client_(std::move(client)), name_(client_->options().prefix + ":" + std::move(name)) {}

  ~RedisChannel() override { stop(); }

  void stop() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

  Result<void> send(std::string_view message, const Call& call) override {
    const std::array<std::string_view, 5> words{"EVAL", kPublish, "1", name_, message};
    const auto heard = client_->write(name_, words, call);
    if (!heard) return std::unexpected(heard.error());
    return {};
  }

  void listen(Listener listener) override {
    listener_ = std::move(listener);
    thread_ = std::thread([this] { run(); });
  }

 private:
  void run() {
    for (std::size_t number = 0; !stopping_; ++number) {
      const Deadline deadline{client_->clock().steady() + kConnect};
      const auto ear =
          subscribe_redis(client_->options().place, number, name_, deadline, client_->clock());
      if (ear) hear(**ear);
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, kPause, [this] { return stopping_.load(); });
    }
  }

  /// Until the connection ends or is silent for too long.
  void hear(RedisSubscription& ear) {
    for (int silent = 0; !stopping_ && silent < kMostSilent;) {
      auto message = ear.next(kPulse);
      if (!message) return;
      silent = *message ? 0 : silent + 1;
      if (*message && !(*message)->empty()) listener_(**message);
    }
  }

  const std::shared_ptr<RedisClient> client_;
  const std::string name_;
  Listener listener_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<Channel> make_redis_channel(std::shared_ptr<RedisClient> client, std::string name) {
  return std::make_unique<RedisChannel>(std::move(client), std::move(name));
}

}  // namespace ara::cache
