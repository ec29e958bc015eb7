// Hit rate and reads a second of the memory tier against a plain LRU that holds as many entries.
// ./dev bench cache [--seeds N] [--first-seed S]
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <list>
#include <mutex>
#include <numeric>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/rng.h"
#include "base/text.h"
#include "cache/tier.h"

namespace {

using ara::Hash128;
using ara::cache::Key;
using ara::cache::Value;

constexpr std::size_t kValueBytes = 256;
constexpr std::chrono::seconds kTtl{3600};

/// What everyone writes first: a list in order of use, a table into it, one mutex.
class PlainLru {
 public:
  explicit PlainLru(std::size_t entries) : entries_(entries) {}

  Value get(const Hash128& id) {
    const std::lock_guard lock(mutex_);
    const auto found = table_.find(id);
    if (found == table_.end()) return nullptr;
    order_.splice(order_.begin(), order_, found->second);
    return found->second->second;
  }

  void put(const Hash128& id, Value value) {
    const std::lock_guard lock(mutex_);
    if (const auto found = table_.find(id); found != table_.end()) {
      found->second->second = std::move(value);
      order_.splice(order_.begin(), order_, found->second);
      return;
    }
    if (table_.size() == entries_) {
      table_.erase(order_.back().first);
      order_.pop_back();
    }
    order_.emplace_front(id, std::move(value));
    table_.emplace(id, order_.begin());
  }

 private:
  const std::size_t entries_;
  std::mutex mutex_;
  std::list<std::pair<Hash128, Value>> order_;
  std::unordered_map<Hash128, std::list<std::pair<Hash128, Value>>::iterator> table_;
};

/// The memory tier with the same two calls.
class MemoryTier {
 public:
  explicit MemoryTier(std::size_t entries)
      : tier_(ara::cache::make_memory_tier(ara::cache::memory_capacity_for(entries, kValueBytes))) {
  }

  Value get(const Hash128& id) { return tier_->get({id, {}}, {}).value(); }
  void put(const Hash128& id, const Value& value) { (void)tier_->put({id, {}}, value, kTtl, {}); }
  ara::cache::TierStats stats() const { return tier_->stats(); }

 private:
  std::unique_ptr<ara::cache::Tier> tier_;
};

/// Ranks 0 to n - 1 with probability proportional to 1 / (rank + 1).
class Zipf {
 public:
  explicit Zipf(std::size_t keys) : cumulative_(keys) {
    double sum = 0;
    for (std::size_t i = 0; i < keys; ++i) cumulative_[i] = sum += 1.0 / static_cast<double>(i + 1);
    for (double& each : cumulative_) each /= sum;
  }

  std::uint32_t draw(ara::Rng& rng) const {
    const auto at = std::upper_bound(cumulative_.begin(), cumulative_.end(), rng.uniform());
    return static_cast<std::uint32_t>(std::min<std::size_t>(
        static_cast<std::size_t>(at - cumulative_.begin()), cumulative_.size() - 1));
  }
  /// The hit rate of a cache that always holds the `entries` most popular keys.
  double best(std::size_t entries) const { return cumulative_[entries - 1]; }

 private:
  std::vector<double> cumulative_;
};

Hash128 id_of(std::uint32_t rank, std::uint64_t seed) {
  const std::uint64_t low = ara::mix64(seed ^ (std::uint64_t{rank} << 20));
  return {ara::mix64(low), low};
}

Value value_of(std::uint32_t rank) {
  std::string text(kValueBytes, '.');
  const std::string name = std::to_string(rank);
  std::copy(name.begin(), name.end(), text.begin());
  return std::make_shared<const std::string>(std::move(text));
}

bool is_value_of(const Value& value, std::uint32_t rank) {
  const std::string name = std::to_string(rank);
  return value->size() == kValueBytes && value->starts_with(name) && (*value)[name.size()] == '.';
}

[[noreturn]] void wrong(const char* what) {
  std::fprintf(stderr, "bench_cache: %s\n", what);
  std::exit(1);
}

/// Asks for the keys, putting in what is missed; the share found.
template <class Cache>
double hit_rate(Cache& cache, const Zipf& zipf, std::uint64_t seed, std::size_t warm,
                std::size_t measured) {
  ara::Rng rng(seed);
  std::size_t hits = 0;
  for (std::size_t i = 0; i < warm + measured; ++i) {
    const std::uint32_t rank = zipf.draw(rng);
    const Hash128 id = id_of(rank, seed);
    if (const Value value = cache.get(id)) {
      if (!is_value_of(value, rank)) wrong("a cache gave the value of another key");
      hits += i >= warm;
    } else {
      cache.put(id, value_of(rank));
    }
  }
  return 100.0 * static_cast<double>(hits) / static_cast<double>(measured);
}

struct Size {
  std::size_t keys, warm, measured, seeds;
};

void compare_hit_rates(std::uint64_t first_seed, std::optional<std::size_t> seeds) {
  std::printf("Hit rate, Zipf(1.0), capacity 1 %% of the keys, %zu-byte values, %% of requests\n",
              kValueBytes);
  std::printf("%9s %8s %10s %9s %9s %5s %7s %7s %7s %7s %7s\n", "keys", "entries", "bytes",
              "warm-up", "requests", "seed", "LRU", "ours", "gain", "perfect", "held");
  for (const Size& size : {Size{10'000, 20'000, 1'000'000, 5}, Size{100'000, 200'000, 2'000'000, 5},
                           Size{1'000'000, 2'000'000, 4'000'000, 2}}) {
    const Zipf zipf(size.keys);
    const std::size_t entries = size.keys / 100;
    double least = 100, sum = 0;
    const std::size_t runs = seeds.value_or(size.seeds);
    for (std::uint64_t seed = first_seed; seed < first_seed + runs; ++seed) {
      PlainLru lru(entries);
      MemoryTier tier(entries);
      const double plain = hit_rate(lru, zipf, seed, size.warm, size.measured);
      const double ours = hit_rate(tier, zipf, seed, size.warm, size.measured);
      const std::uint64_t held = tier.stats().entries;
      if (held > entries) wrong("the tier holds more entries than the LRU");
      std::printf(
          "%9zu %8zu %10llu %9zu %9zu %5llu %7.2f %7.2f %+7.2f %7.2f %7llu\n", size.keys, entries,
          static_cast<unsigned long long>(ara::cache::memory_capacity_for(entries, kValueBytes)),
          size.warm, size.measured, static_cast<unsigned long long>(seed), plain, ours,
          ours - plain, 100 * zipf.best(entries), static_cast<unsigned long long>(held));
      least = std::min(least, ours - plain);
      sum += ours - plain;
    }
    std::printf("%9zu keys: gain %.2f points on average, %.2f at least\n", size.keys,
                sum / static_cast<double>(runs), least);
  }
}

/// Millions of reads a second and thread, each thread with a stream of its own.
template <class Cache>
double reads_per_second(Cache& cache, const std::vector<std::vector<std::uint32_t>>& streams,
                        std::uint64_t seed) {
  std::vector<double> rates(streams.size());
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < streams.size(); ++t) {
    threads.emplace_back([&, t] {
      const auto start = std::chrono::steady_clock::now();
      for (const std::uint32_t rank : streams[t]) {
        const Hash128 id = id_of(rank, seed);
        if (!cache.get(id)) cache.put(id, value_of(rank));
      }
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
      rates[t] = static_cast<double>(streams[t].size()) / took.count() / 1e6;
    });
  }
  for (std::thread& each : threads) each.join();
  return std::accumulate(rates.begin(), rates.end(), 0.0) / static_cast<double>(rates.size());
}

void compare_speed(std::uint64_t seed) {
  constexpr std::size_t kReads = 2'000'000;
  constexpr int kRounds = 5;
  struct Case {
    const char* name;
    std::size_t keys, entries;
  };
  std::printf(
      "\nReads a second and thread, millions (median of %d alternating rounds of %zu reads a "
      "thread; a miss is put in)\n",
      kRounds, kReads);
  std::printf("%-28s %8s %8s %8s %8s\n", "", "threads", "LRU", "ours", "ratio");
  for (const Case& each : {Case{"all 20,000 keys held", 20'000, 25'000},
                           Case{"1 % of 1,000,000 keys held", 1'000'000, 10'000}}) {
    const Zipf zipf(each.keys);
    for (const std::size_t threads : {1, 2}) {
      ara::Rng rng(seed);
      std::vector<std::vector<std::uint32_t>> streams(threads);
      for (auto& stream : streams) {
        stream.resize(kReads);
        for (std::uint32_t& rank : stream) rank = zipf.draw(rng);
      }
      PlainLru lru(each.entries);
      MemoryTier tier(each.entries);
      hit_rate(lru, zipf, seed, each.keys, kReads);  // fills, and checks the answers
      hit_rate(tier, zipf, seed, each.keys, kReads);
      std::vector<double> plain, ours;
      for (int round = 0; round < kRounds; ++round) {
        plain.push_back(reads_per_second(lru, streams, seed));
        ours.push_back(reads_per_second(tier, streams, seed));
      }
      std::ranges::sort(plain);
      std::ranges::sort(ours);
      std::printf("%-28s %8zu %8.2f %8.2f %8.2f\n", each.name, threads, plain[kRounds / 2],
                  ours[kRounds / 2], ours[kRounds / 2] / plain[kRounds / 2]);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t first_seed = 1;
  std::optional<std::size_t> seeds;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    const auto number = ara::parse_integer(argv[i + 1]);
    if (!number || *number < 0) wrong("--seeds and --first-seed take a number");
    if (name == "--seeds") seeds = static_cast<std::size_t>(*number);
    if (name == "--first-seed") first_seed = static_cast<std::uint64_t>(*number);
  }
  compare_hit_rates(first_seed, seeds);
  compare_speed(first_seed);
}
