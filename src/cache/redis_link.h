#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace ara::cache {

/// What a command gave: text (a number as its digits), or nothing where the server said nil or held
/// something of another type under the key.
using RedisReply = std::optional<std::string>;

/// One thread's way into the cluster: its slot map and a socket to each node it has talked to.
/// Connects when first used and again after a failure. Not thread-safe.
class RedisLink {
 public:
  enum class Node { master, replica };

  virtual ~RedisLink() = default;

  /// Sends a command on `key`, which is among its words, to the node that has the key's slot;
  /// redirections are followed. Code::unavailable where no such node answers by the deadline,
  /// Code::overloaded where it is out of memory.
  virtual Result<RedisReply> run(std::span<const std::string_view> words, const std::string& key,
                                 Node node, Deadline deadline) = 0;

  /// Learns anew who has which slots, from whichever node answers first.
  virtual Result<void> refresh(Deadline deadline) = 0;

  /// How many of the 16384 slots are served, by whichever node answers first.
  virtual Result<std::uint64_t> slots_covered(Deadline deadline) = 0;
};

struct RedisPlace {
  std::vector<std::string> nodes;       ///< "host:port" of some nodes; the others are found
  std::string password;                 ///< of every node; empty: none
  std::chrono::milliseconds step{100};  ///< most that one connect or one answer may take
};

/// Whether this build has the client library.
bool redis_built_in();

/// 0 to 16383: the cluster's slot of a key, of which only what is between braces counts.
unsigned redis_slot(const std::string& key);

/// A connection to one node of the cluster, at which all is heard that is published under a name.
class RedisSubscription {
 public:
  virtual ~RedisSubscription() = default;

  /// The next message, within `wait`; empty where it is only known that the node still answers;
  /// nothing where nothing was heard. Code::unavailable when the connection has ended.
  virtual Result<std::optional<std::string>> next(std::chrono::milliseconds wait) = 0;
};

/// At the start node of that number (modulo their count). Code::unavailable.
Result<std::unique_ptr<RedisSubscription>> subscribe_redis(const RedisPlace& place,
                                                           std::size_t number,
                                                           const std::string& name,
                                                           Deadline deadline, const Clock& clock);

/// A link that asks the start node of that number (modulo their count) first.
std::unique_ptr<RedisLink> make_redis_link(const RedisPlace& place, std::size_t first,
                                           const Clock& clock);

}  // namespace ara::cache
