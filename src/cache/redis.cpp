#include "cache/redis.h"

#include <array>
#include <csignal>
#include <map>
#include <mutex>

#include "cache/envelope.h"

namespace ara::cache {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Keys lie with their symbol: the cluster places by what is between the braces.
std::string name_of(const RedisClient& client, const Key& key) {
  return client.options().prefix + ":{" + std::string(key.tag) + "}:" + to_hex(key.id);
}

milliseconds with_jitter(seconds ttl, const Hash128& id) {
  const milliseconds whole = ttl;
  return whole - milliseconds(mix64(id.low) % static_cast<std::uint64_t>(whole.count() / 10 + 1));
}

/// What was put and when its time has passed, by the second.
class Ledger {
 public:
  void note(SteadyTime expires, std::uint64_t bytes) {
    Sum& sum = sums_[std::chrono::ceil<seconds>(expires.time_since_epoch()).count()];
    ++sum.entries;
    sum.bytes += bytes;
  }

  /// Leaves out what has passed, and says how many entries that were.
  std::uint64_t sweep(SteadyTime now) {
    std::uint64_t entries = 0;
    const auto second = std::chrono::floor<seconds>(now.time_since_epoch()).count();
    while (!sums_.empty() && sums_.begin()->first <= second) {
      entries += sums_.begin()->second.entries;
      sums_.erase(sums_.begin());
    }
    return entries;
  }

  void add_to(TierStats& stats) const {
    for (const auto& [second, sum] : sums_) {
      stats.entries += sum.entries;
      stats.bytes += sum.bytes;
    }
  }

 private:
  struct Sum {
    std::uint64_t entries = 0;
    std::uint64_t bytes = 0;
  };
  std::map<std::int64_t, Sum> sums_;  ///< at most one for each second of the longest time to live
};

class RedisTier final : public Tier {
 public:
  explicit RedisTier(std::shared_ptr<RedisClient> client) : client_(std::move(client)) {}

  Result<Value> get(const Key& key, const Call& call) override {
    const std::string name = name_of(*client_, key);
    const std::array<std::string_view, 2> words{"GET", name};
    auto reply = client_->read(name, words, call);
    if (!reply) return std::unexpected(std::move(reply.error()));
    std::optional<std::string> value;
    if (*reply) value = unseal(key.id, **reply);
    const std::lock_guard lock(mutex_);
    ++(value ? stats_.hits : stats_.misses);
    return value ? std::make_shared<const std::string>(std::move(*value)) : nullptr;
  }

  Result<void> put(const Key& key, const Value& value, seconds ttl, const Call& call) override {
    if (value == nullptr || ttl <= seconds{0}) return {};
    const auto envelope = seal(key.id, *value);
    if (!envelope) return {};
    const std::string name = name_of(*client_, key);
    const milliseconds kept = with_jitter(ttl, key.id);
    const std::string span = std::to_string(kept.count());
    const std::array<std::string_view, 5> words{"SET", name, *envelope, "PX", span};
    const auto reply = client_->write(name, words, call);
    if (!reply && reply.error().code == Code::overloaded) return {};
    if (!reply) return std::unexpected(reply.error());
    const std::lock_guard lock(mutex_);
    ++stats_.admitted;
    const SteadyTime now = client_->clock().steady();
    stats_.expired += ledger_.sweep(now);
    ledger_.note(now + kept, name.size() + envelope->size());
    return {};
  }

  TierStats stats() const override {
    const std::lock_guard lock(mutex_);
    stats_.expired += ledger_.sweep(client_->clock().steady());
    TierStats stats = stats_;
    ledger_.add_to(stats);
    return stats;
  }

 private:
  std::shared_ptr<RedisClient> client_;
  mutable std::mutex mutex_;
  mutable Ledger ledger_;
  mutable TierStats stats_;  ///< but for entries and bytes
};

}  // namespace

Result<std::shared_ptr<RedisClient>> make_redis_client(RedisOptions options, const Clock& clock) {
  if (!redis_built_in()) {
    return fail(
        Code::unsupported,
        "This build of ARA has no client of Redis: build it where scripts/valkey.sh can get "
        "libvalkey, or unset REDIS_HOST");
  }
  if (options.place.nodes.empty() || options.connections == 0) {
    return invalid("REDIS_HOST", "", "one node of a Redis Cluster or more, and a connection");
  }
  // The client library writes without MSG_NOSIGNAL.
  std::signal(SIGPIPE, SIG_IGN);
  const RedisPlace place = options.place;
  return std::make_shared<RedisClient>(
      std::move(options),
      [place, &clock](std::size_t number) { return make_redis_link(place, number, clock); }, clock);
}

std::unique_ptr<Tier> make_redis_tier(std::shared_ptr<RedisClient> client) {
  return std::make_unique<RedisTier>(std::move(client));
}

}  // namespace ara::cache
