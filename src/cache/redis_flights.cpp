#include <array>
#include <atomic>
#include <optional>
#include <random>

#include "cache/redis.h"

namespace ara::cache {
namespace {

using std::chrono::milliseconds;

/// Deletes a lease if it is still that of the token: it may have lapsed and be another's.
constexpr std::string_view kRelease =
    "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0";
constexpr milliseconds kReleaseTimeout{200};

class LeaseClaim final : public Claim {
 public:
  LeaseClaim(std::shared_ptr<RedisClient> client, std::string name, std::string token)
      : client_(std::move(client)), name_(std::move(name)), token_(std::move(token)) {}

  /// A lease that cannot be given back lapses.
  ~LeaseClaim() override {
    const std::array<std::string_view, 5> words{"EVAL", kRelease, "1", name_, token_};
    const SteadyTime by = client_->clock().steady() + kReleaseTimeout;
    (void)client_->write(name_, words, Call{Deadline{by}});
  }

 private:
  std::shared_ptr<RedisClient> client_;
  std::string name_;
  std::string token_;
};

class RedisFlights final : public Flights {
 public:
  RedisFlights(std::shared_ptr<RedisClient> client, std::shared_ptr<Tier> tier,
               FlightOptions options)
      : client_(std::move(client)), tier_(std::move(tier)), options_(options) {}

  Boarding board(const Key& key, const Call& call) override {
    const Clock& clock = client_->clock();
    const SteadyTime start = clock.steady();
    // Never longer than a few holders that die one after another would take.
    const auto patience = std::min<std::chrono::nanoseconds>(call.deadline.left(start) / 2,
                                                             kMostHolders * options_.lease);
    const std::string name =
        client_->options().prefix + ":{" + std::string(key.tag) + "}:" + to_hex(key.id) + ":flight";
    const std::string token = new_token();
    for (milliseconds wait = options_.first_look;; wait = std::min(wait * 3 / 2, options_.most)) {
      const auto claimed = claim(name, token, call);
      if (!claimed) return {};
      Boarding boarding;
      if (*claimed) boarding.claim = std::make_unique<LeaseClaim>(client_, name, token);
      // Also with a claim: the one before may have ended, with the value put, since it was missed.
      if (auto value = tier_->get(key, call); value && *value) return {std::move(*value), nullptr};
      if (boarding.claim || clock.steady() + wait - start > patience) return boarding;
      client_->pause(wait);
    }
  }

 private:
  static constexpr int kMostHolders = 2;

  /// True: it is ours; false: another's.
  Result<bool> claim(const std::string& name, const std::string& token, const Call& call) {
    const std::string span = std::to_string(options_.lease.count());
    // Told who has it where it is taken: that may be us, by a try whose answer was lost.
    const std::array<std::string_view, 7> words{"SET", name, token, "NX", "PX", span, "GET"};
    auto reply = client_->write(name, words, call);
    if (!reply) return std::unexpected(std::move(reply.error()));
    return !*reply || **reply == token;
  }

  /// Unlike that of any other claim: the process's own number, drawn at its start, and a count.
  std::string new_token() {
    return to_hex({process_, count_.fetch_add(1, std::memory_order_relaxed)});
  }

  static std::uint64_t drawn() {
    std::random_device device;
    return (std::uint64_t{device()} << 32) | device();
  }

  std::shared_ptr<RedisClient> client_;
  std::shared_ptr<Tier> tier_;
  const FlightOptions options_;
  const std::uint64_t process_ = drawn();
  std::atomic<std::uint64_t> count_ = 0;
};

}  // namespace

std::unique_ptr<Flights> make_redis_flights(std::shared_ptr<RedisClient> client,
                                            std::shared_ptr<Tier> tier, FlightOptions options) {
  return std::make_unique<RedisFlights>(std::move(client), std::move(tier), options);
}

}  // namespace ara::cache
