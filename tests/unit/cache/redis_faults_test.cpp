// A cluster of this test's own, whose nodes are killed under load.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <mutex>
#include <thread>

#include "cache/redis.h"
#include "support/redis_cluster.h"

namespace ara::cache {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using support::RedisCluster;

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define ARA_SANITIZED
#endif
#endif
#ifdef ARA_SANITIZED
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

double seconds_of(std::chrono::steady_clock::duration span) {
  return std::chrono::duration<double>(span).count();
}

/// What a load of gets and puts from several threads saw.
struct Seen {
  std::atomic<std::uint64_t> operations = 0;
  std::atomic<std::uint64_t> errors = 0;
  std::atomic<std::uint64_t> wrong = 0;
  std::mutex mutex;
  std::vector<double> took;       ///< seconds, of every operation
  std::vector<double> successes;  ///< when, in seconds since the start
  std::vector<double> puts;       ///< likewise, those of puts to the symbols of the killed node

  static double longest_gap(std::vector<double> times) {
    std::ranges::sort(times);
    double gap = 0;
    for (std::size_t i = 1; i < times.size(); ++i) gap = std::max(gap, times[i] - times[i - 1]);
    return gap;
  }
  double percentile(double share) {
    std::ranges::sort(took);
    return took.empty() ? 0 : took[static_cast<std::size_t>(share * (took.size() - 1.0))];
  }
};

class Load {
 public:
  Load(std::shared_ptr<Tier> tier, Seen& seen) : tier_(std::move(tier)), seen_(seen) {
    for (int t = 0; t < 4; ++t) threads_.emplace_back([this, t] { run(t); });
  }
  ~Load() {
    stop_ = true;
    for (std::thread& each : threads_) each.join();
  }

 private:
  static constexpr unsigned kSlotsOfFirstMaster = 16384 / 3;

  void run(int thread) {
    std::vector<double> took, successes, puts;
    for (std::uint64_t i = static_cast<std::uint64_t>(thread); !stop_; i += 4) {
      const std::string symbol = "S" + std::to_string(i % 64);
      const std::uint64_t at = i % 1000;
      const Key key{{at, at}, symbol};
      // Long enough to be compressed.
      const std::string expected(2000, static_cast<char>('a' + (at + i % 64) % 26));
      const auto begin = std::chrono::steady_clock::now();
      bool good = false;
      if (i % 8 < 4) {
        good = tier_->put(key, std::make_shared<const std::string>(expected), seconds{60}, {})
                   .has_value();
        if (good && redis_slot(symbol) < kSlotsOfFirstMaster) {
          puts.push_back(seconds_of(std::chrono::steady_clock::now() - start_));
        }
      } else {
        const auto value = tier_->get(key, {});
        good = value.has_value();
        if (good && *value && **value != expected) ++seen_.wrong;
      }
      const auto end = std::chrono::steady_clock::now();
      ++seen_.operations;
      if (!good) ++seen_.errors;
      if (good) successes.push_back(seconds_of(end - start_));
      took.push_back(seconds_of(end - begin));
      std::this_thread::sleep_for(milliseconds{1});
    }
    const std::lock_guard lock(seen_.mutex);
    seen_.took.insert(seen_.took.end(), took.begin(), took.end());
    seen_.successes.insert(seen_.successes.end(), successes.begin(), successes.end());
    seen_.puts.insert(seen_.puts.end(), puts.begin(), puts.end());
  }

  std::shared_ptr<Tier> tier_;
  Seen& seen_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::atomic<bool> stop_ = false;
  std::vector<std::thread> threads_;
};

/// One test, since a cluster takes a while to start: a master dies and is followed by its replica;
/// then all die.
TEST(RedisFaults, AMasterIsKilledThenTheWholeCluster) {
  if (!RedisCluster::installed()) GTEST_SKIP() << RedisCluster::kMissing;
  const auto cluster = RedisCluster::own();
  RedisOptions options = cluster->options();
  options.operation = RedisOptions().operation;
  options.place.step = RedisPlace().step;
  const auto client = make_redis_client(options).value();
  const std::shared_ptr<Tier> tier = make_redis_tier(client);
  Seen seen;
  {
    const Load load(tier, seen);
    std::this_thread::sleep_for(milliseconds{500});
    kill(cluster->processes()[0], SIGKILL);
    std::this_thread::sleep_for(seconds{5});
  }
  const RedisStats stats = client->stats();
  std::printf(
      "master killed: %lu operations, %lu errors, %lu wrong values, %lu reads at replicas; longest "
      "gap %.3f s, of puts to its slots %.3f s; p99 %.1f ms, longest %.1f ms\n",
      seen.operations.load(), seen.errors.load(), seen.wrong.load(), stats.replica_reads,
      Seen::longest_gap(seen.successes), Seen::longest_gap(seen.puts), 1e3 * seen.percentile(0.99),
      1e3 * seen.percentile(1));
  EXPECT_EQ(seen.wrong, 0U);
  EXPECT_GT(stats.replica_reads, 0U);
  EXPECT_LT(seen.errors, seen.operations / 4);
  EXPECT_LT(Seen::longest_gap(seen.successes), 2);
  EXPECT_LT(Seen::longest_gap(seen.puts), 5);
  EXPECT_GT(std::ranges::max(seen.puts), 5);  // they work again at the end

  for (const pid_t process : cluster->processes()) kill(process, SIGKILL);
  for (std::uint64_t i = 0; i < 40; ++i) (void)tier->get({{i, i}, "S" + std::to_string(i)}, {});
  constexpr int kCalls = 5000;
  const auto start = std::chrono::steady_clock::now();
  for (std::uint64_t i = 0; i < kCalls; ++i) {
    EXPECT_FALSE(tier->get({{i, i}, "S" + std::to_string(i)}, {}));
  }
  const double each = seconds_of(std::chrono::steady_clock::now() - start) / kCalls;
  std::printf("all killed: %.2f us a call\n", 1e6 * each);
  EXPECT_LT(each, kSanitized ? 20e-3 : 200e-6);
}

}  // namespace
}  // namespace ara::cache
