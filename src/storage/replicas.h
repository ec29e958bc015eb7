#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "storage/postgres_store.h"

namespace ara::storage {

/// How far behind a standby may be, and how often servers are looked at.
struct ReplicaLimits {
  std::chrono::milliseconds lag{500};  ///< a standby further behind the primary is not read
  std::chrono::milliseconds look_every{50};
  std::chrono::milliseconds look_timeout{300};
  /// How long standbys are read that had all there was when the last primary was seen: none can
  /// take a write meanwhile without becoming a primary that is seen.
  std::chrono::seconds without_primary{60};
  /// The log may end within a record, which nobody replays: standbys that have stood still for so
  /// long without a primary, none of them told to, have replayed all that there is. Longer than a
  /// read may keep a standby from replaying.
  std::chrono::milliseconds settled{1000};
};

/// The servers of one cluster and how each stands, looked at by a thread for each. Says which
/// standby may be read.
class Replicas {
 public:
  /// `meters` may be null.
  Replicas(const PgPlace& place, const PgPoolLimits& pool, ReplicaLimits limits,
           const DbMetersPtr& meters);
  ~Replicas();

  /// A standby that has all up to `position` and is not further behind than the limit; the quicker
  /// one is, the more often it is chosen. Null where there is none.
  PostgresStore* choose(std::uint64_t position) const;
  /// As choose, where `position` is the primary's own of this moment: no news of it is needed then,
  /// and without a primary there is no such position.
  PostgresStore* choose_exactly(std::uint64_t position) const;
  /// The standby failed: it is not chosen until it was seen well again.
  void eject(const PostgresStore* failed);
  /// Whether a primary was seen a moment ago.
  bool has_primary() const;

  /// That of the member which knows most: see PostgresStore.
  std::uint64_t known_position() const;
  /// Waits until every server has been looked at again; false where that is not before `until`.
  bool wait_for_news(SteadyTime until);

  /// How a server stands, as far as is known.
  struct Seen {
    std::string server;
    bool alive = false;
    bool standby = false;
    std::uint64_t position = 0;
    std::chrono::microseconds latency{};
    bool readable = false;  ///< a standby under the lag limit
    /// Since a standby had all that the primary had then; 0 where it has all that is known of.
    std::chrono::nanoseconds lag{};
  };
  std::vector<Seen> seen() const;

 private:
  struct Member {
    std::string server;
    std::unique_ptr<PostgresStore> store;
    Seen seen;
    std::uint64_t received = 0;  ///< of the log, replayed or not
    SteadyTime at{};             ///< when it last answered
    SteadyTime moved{};          ///< when it was last seen to have received or replayed more
    bool paused = false;         ///< told to replay no more
    SteadyTime level{};  ///< when the primary was last known to have no more than it has now
    std::thread thread;
  };
  /// Where the primary's log was at a moment.
  struct Mark {
    SteadyTime at;
    std::uint64_t position = 0;
  };

  void watch(Member& member);
  void note(Member& member, const Result<PostgresStore::Standing>& standing, SteadyTime asked,
            SteadyTime now);
  PostgresStore* choose(const std::function<bool(const Member&)>& fits) const;
  // With the mutex held:
  bool readable(const Member& member, SteadyTime now) const;
  std::chrono::nanoseconds lag(const Member& member, SteadyTime now) const;
  bool blind(SteadyTime now) const;  ///< no primary was seen for a while
  /// Whether the standby has all that any has, as far as that can be replayed.
  bool has_all(const Member& member, SteadyTime now) const;

  const ReplicaLimits limits_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::deque<Mark> marks_;  ///< of the last while, oldest first; at least one once any was seen
  std::vector<std::unique_ptr<Member>> members_;
};

}  // namespace ara::storage
