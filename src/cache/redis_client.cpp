#include "cache/redis_client.h"

#include <algorithm>
#include <array>
#include <utility>

namespace ara::cache {
namespace {

using std::chrono::milliseconds;

/// A first try, one with a fresh slot map, and one after a moment.
constexpr int kTries = 3;
constexpr milliseconds kFirstPause{5};
/// No answer in less says nothing about the cluster.
constexpr milliseconds kTelling{10};
/// Failures in a row, of any part, after which the whole cluster counts as gone.
constexpr std::uint32_t kFailuresOfWhole = 10;

/// A key of a slot from `first` to before `end`.
std::string key_between(const std::string& prefix, unsigned first, unsigned end) {
  for (unsigned number = 0;; ++number) {
    std::string key = prefix + ":probe:" + std::to_string(number);
    const unsigned slot = redis_slot(key);
    if (first <= slot && slot < end) return key;
  }
}

void count_one(std::atomic<std::uint64_t>& counter) {
  counter.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

/// A link, given back at the end.
struct RedisClient::Lease {
  RedisClient& client;
  std::unique_ptr<RedisLink> link;
  ~Lease() { client.give(std::move(link)); }
};

RedisClient::RedisClient(RedisOptions options, Connect connect, const Clock& clock)
    : options_(std::move(options)),
      connect_(std::move(connect)),
      clock_(clock),
      whole_(clock,
             {std::max(kFailuresOfWhole, options_.breaker.failures), options_.breaker.rest}) {
  for (unsigned i = 0; i < kParts; ++i) {
    parts_.push_back(std::make_unique<Part>(clock, options_.breaker));
    probes_.push_back(key_between(options_.prefix, i * kSlotsEach, (i + 1) * kSlotsEach));
  }
}

Result<RedisReply> RedisClient::read(const std::string& key,
                                     std::span<const std::string_view> words, const Call& call) {
  return run({key, words, true, call.deadline});
}

Result<RedisReply> RedisClient::write(const std::string& key,
                                      std::span<const std::string_view> words, const Call& call) {
  return run({key, words, false, call.deadline});
}

Result<std::uint64_t> RedisClient::slots_covered(const Call& call) {
  const Deadline deadline{std::min(call.deadline.at, clock_.steady() + options_.operation)};
  auto link = take(deadline);
  if (!link) return std::unexpected(std::move(link.error()));
  const Lease lease{*this, std::move(*link)};
  return lease.link->slots_covered(deadline);
}

Result<RedisReply> RedisClient::run(const Operation& asked) {
  count_one(operations_);
  const SteadyTime start = clock_.steady();
  if (asked.deadline.passed(start)) {
    count_one(failures_);
    return fail(Code::deadline, "Redis: no time left");
  }
  Operation operation = asked;
  operation.tells = asked.deadline.left(start) >= kTelling;
  operation.deadline.at = std::min(asked.deadline.at, start + options_.operation);
  Part& part = *parts_[redis_slot(operation.key) / kSlotsEach];
  Result<RedisReply> reply = fail(Code::unavailable, "Redis: left alone after failures");
  for (int tries = 0; tries < kTries; ++tries) {
    if (tries > 1) pause(kFirstPause);
    if (tries > 0 && operation.deadline.passed(clock_.steady())) break;
    auto tried = attempt(operation, part);
    if (!tried) {
      if (tries == 0) count_one(refused_);
      break;
    }
    if (tries > 0) count_one(retries_);
    reply = std::move(*tried);
    if (reply || reply.error().code != Code::unavailable) break;
  }
  if (!reply) count_one(failures_);
  return reply;
}

std::optional<Result<RedisReply>> RedisClient::attempt(const Operation& operation, Part& part) {
  if (!whole_.allows()) return std::nullopt;
  const bool probes = part.masters.open();
  const bool master = part.masters.allows();
  bool replica = operation.reads && !master;
  if (replica) replica = part.replicas.allows();
  if (!master && !replica) return std::nullopt;

  auto link = take(operation.deadline);
  if (!link) return std::unexpected(std::move(link.error()));
  const Lease lease{*this, std::move(*link)};
  // Another node may be the master since it was last asked.
  if (master && probes) (void)lease.link->refresh(operation.deadline);
  Result<RedisReply> reply = fail(Code::unavailable, "Redis: no time left");
  if (master) {
    reply = ask(*lease.link, operation, RedisLink::Node::master, part.masters);
    if (reply || reply.error().code != Code::unavailable) return reply;
    replica = operation.reads && part.replicas.allows();
  }
  if (replica) {
    reply = ask(*lease.link, operation, RedisLink::Node::replica, part.replicas);
    if (reply) count_one(replica_reads_);
    if (reply || reply.error().code != Code::unavailable) return reply;
  }
  if (operation.tells) whole_.failed();
  // The next try goes where the cluster now says.
  (void)lease.link->refresh(operation.deadline);
  return reply;
}

Result<RedisReply> RedisClient::ask(RedisLink& link, const Operation& operation,
                                    RedisLink::Node node, Breaker& breaker) {
  auto reply = link.run(operation.words, operation.key, node, operation.deadline);
  if (reply || reply.error().code != Code::unavailable) {
    breaker.succeeded();
    whole_.succeeded();
  } else if (operation.tells) {
    breaker.failed();
  }
  return reply;
}

void RedisClient::probe() {
  // Where all is left alone, any part tells of the whole.
  bool whole = whole_.open() && whole_.allows();
  for (unsigned step = 0; step < 2 * kParts; ++step) {
    const unsigned at = probed_++ % (2 * kParts);
    const auto node = at % 2 == 0 ? RedisLink::Node::master : RedisLink::Node::replica;
    Part& part = *parts_[at / 2];
    Breaker& breaker = at % 2 == 0 ? part.masters : part.replicas;
    const bool due = breaker.open() && breaker.allows();
    if (!due && !(whole && at % 2 == 0)) continue;
    whole = false;
    if (!probe(at / 2, node, breaker)) return;
  }
}

Result<RedisReply> RedisClient::probe(unsigned part, RedisLink::Node node, Breaker& breaker) {
  const Deadline deadline{clock_.steady() + options_.operation};
  auto link = take(deadline);
  if (!link) return std::unexpected(std::move(link.error()));
  const Lease lease{*this, std::move(*link)};
  (void)lease.link->refresh(deadline);
  const std::array<std::string_view, 2> words{"GET", probes_[part]};
  return ask(*lease.link, {probes_[part], words, true, deadline}, node, breaker);
}

Result<std::unique_ptr<RedisLink>> RedisClient::take(Deadline deadline) {
  std::unique_lock lock(mutex_);
  const auto some = [this] { return !idle_.empty() || made_ < options_.connections; };
  if (!given_.wait_for(lock, deadline.left(clock_.steady()), some)) {
    return fail(Code::unavailable, "Redis: all connections are in use");
  }
  if (idle_.empty()) return connect_(made_++);
  auto link = std::move(idle_.back());
  idle_.pop_back();
  return link;
}

void RedisClient::give(std::unique_ptr<RedisLink> link) {
  {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(link));
  }
  given_.notify_one();
}

void RedisClient::pause(std::chrono::nanoseconds span) {
  std::unique_lock lock(mutex_);
  pausing_.wait_for(lock, span, [] { return false; });
}

RedisStats RedisClient::stats() const {
  RedisStats stats{.operations = operations_,
                   .failures = failures_,
                   .retries = retries_,
                   .replica_reads = replica_reads_,
                   .refused = refused_};
  const auto add = [&stats](const Breaker& breaker) {
    stats.openings += breaker.openings();
    stats.open += breaker.open() ? 1 : 0;
  };
  for (const auto& part : parts_) {
    add(part->masters);
    add(part->replicas);
  }
  add(whole_);
  return stats;
}

}  // namespace ara::cache
