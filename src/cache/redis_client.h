#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cache/breaker.h"
#include "cache/redis_link.h"

namespace ara::cache {

struct RedisOptions {
  RedisPlace place;
  std::string prefix = "ara";                ///< of every key
  unsigned connections = 8;                  ///< most threads that talk to the cluster at a time
  std::chrono::milliseconds operation{200};  ///< most that one operation may take, retries included
  Breaker::Limits breaker;                   ///< of each part of the slots
};

struct RedisStats {
  std::uint64_t operations = 0;
  std::uint64_t failures = 0;       ///< that failed in the end
  std::uint64_t retries = 0;        ///< tries after a first one that failed
  std::uint64_t replica_reads = 0;  ///< answered by a replica, its master being silent
  std::uint64_t refused = 0;        ///< failed at once, a circuit breaker being open
  std::uint64_t openings = 0;       ///< of circuit breakers
  std::uint64_t open = 0;           ///< circuit breakers that are open now
};

/// The one client of Redis Cluster: a bounded pool of links, retries within the deadline, reads
/// from replicas where a master is silent, and circuit breakers, one for the masters and one for
/// the replicas of each sixteenth of the slots and one for the whole, so that what is dead costs
/// microseconds. Thread-safe; connects when first used.
class RedisClient {
 public:
  using Connect = std::function<std::unique_ptr<RedisLink>(std::size_t number)>;

  /// `connect` makes the links; they live as long as this.
  RedisClient(RedisOptions options, Connect connect, const Clock& clock);

  /// A command that reads `key`, or one that may write it. Its words hold the key. Fails by the
  /// call's deadline or after `operation`, whichever is sooner: Code::unavailable, Code::deadline
  /// where the deadline had passed before, Code::overloaded where Redis is out of memory. A write
  /// that failed may have been done.
  Result<RedisReply> read(const std::string& key, std::span<const std::string_view> words,
                          const Call& call);
  Result<RedisReply> write(const std::string& key, std::span<const std::string_view> words,
                           const Call& call);

  /// How many of the cluster's 16384 slots are served. Fails as read() does; says nothing to the
  /// circuit breakers, and asks whatever they say.
  Result<std::uint64_t> slots_covered(const Call& call);

  /// Asks what circuit breakers leave alone, where a try is due, so that they close even where
  /// nobody else comes by: replicas are asked only while their master is silent, and a key of some
  /// part perhaps never. Ends with the first that fails; the next time goes on behind it.
  void probe();

  /// Waits in the calling thread, holding no link.
  void pause(std::chrono::nanoseconds span);

  const RedisOptions& options() const { return options_; }
  const Clock& clock() const { return clock_; }
  RedisStats stats() const;

 private:
  static constexpr unsigned kParts = 16;
  static constexpr unsigned kSlotsEach = 16384 / kParts;

  struct Part {
    Part(const Clock& clock, Breaker::Limits limits)
        : masters(clock, limits), replicas(clock, limits) {}
    Breaker masters;
    Breaker replicas;
  };
  struct Operation {
    const std::string& key;
    std::span<const std::string_view> words;
    bool reads = false;
    Deadline deadline;
    bool tells = true;  ///< whether a failure is one of the cluster, and not of a caller in haste
  };
  struct Lease;

  Result<RedisReply> run(const Operation& operation);
  Result<RedisReply> probe(unsigned part, RedisLink::Node node, Breaker& breaker);
  /// Nothing where the circuit breakers let nobody through.
  std::optional<Result<RedisReply>> attempt(const Operation& operation, Part& part);
  Result<RedisReply> ask(RedisLink& link, const Operation& operation, RedisLink::Node node,
                         Breaker& breaker);
  Result<std::unique_ptr<RedisLink>> take(Deadline deadline);
  void give(std::unique_ptr<RedisLink> link);

  const RedisOptions options_;
  const Connect connect_;
  const Clock& clock_;
  std::vector<std::unique_ptr<Part>> parts_;
  std::vector<std::string> probes_;   ///< a key of each part
  std::atomic<unsigned> probed_ = 0;  ///< in two steps a part: where the next round begins
  Breaker whole_;

  std::mutex mutex_;
  std::condition_variable given_;
  std::condition_variable pausing_;
  std::vector<std::unique_ptr<RedisLink>> idle_;  ///< last used last
  std::size_t made_ = 0;

  std::atomic<std::uint64_t> operations_ = 0;
  std::atomic<std::uint64_t> failures_ = 0;
  std::atomic<std::uint64_t> retries_ = 0;
  std::atomic<std::uint64_t> replica_reads_ = 0;
  std::atomic<std::uint64_t> refused_ = 0;
};

}  // namespace ara::cache
