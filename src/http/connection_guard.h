#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/clock.h"

namespace ara::http {

/// Names a connection: its peer's address and port.
using Peer = std::uint64_t;

/// Knows which connections have kept us waiting for a whole request too long. The server library's
/// idle time begins anew with every byte, so a client that trickles one now and then would hold a
/// connection for ever (slow-loris); here only a whole request counts.
///
/// Thread-safe; sharded, so that marking a request costs a lock nobody else wants.
class ConnectionGuard {
 public:
  /// The first request must be whole within `first`, each later one within `later` after the answer
  /// to the one before.
  ConnectionGuard(std::chrono::nanoseconds first, std::chrono::nanoseconds later)
      : first_(first), later_(later) {}

  void opened(Peer peer, SteadyTime now);
  /// A whole request came and was answered at once. False if the connection was condemned.
  bool completed(Peer peer, SteadyTime now);
  /// A whole request came and is being worked on; until `answered` the connection is not judged.
  void begun(Peer peer, SteadyTime now);
  /// Nothing more that comes on the connection is a request; it is overdue `kLinger` after what it
  /// sent last before this, so that its peer can read why.
  void condemn(Peer peer);
  bool condemned(Peer peer);
  void answered(Peer peer, SteadyTime now);

  /// Those that should be cut, if they still exist.
  std::vector<Peer> overdue(SteadyTime now) const;
  void forget(std::span<const Peer> peers);
  /// Forgets all that `live` (ascending) does not hold, but those opened or heard of after `since`.
  void keep_only(std::span<const Peer> live, SteadyTime since);
  std::size_t size() const;

 private:
  struct Entry {
    SteadyTime last{};          ///< opened, or the newest whole request or answer
    std::uint32_t pending = 0;  ///< requests being worked on
    bool spoken = false;        ///< has sent a whole request
    bool condemned = false;
  };
  struct alignas(64) Shard {
    mutable std::mutex mutex;
    std::unordered_map<Peer, Entry> entries;
  };
  static constexpr std::size_t kShards = 16;
  static constexpr std::chrono::seconds kLinger{1};

  Shard& shard(Peer peer);
  std::chrono::nanoseconds patience(const Entry& entry) const;

  const std::chrono::nanoseconds first_;
  const std::chrono::nanoseconds later_;
  std::array<Shard, kShards> shards_;
};

}  // namespace ara::http
