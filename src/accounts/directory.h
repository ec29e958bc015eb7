#pragma once

#include <atomic>
#include <condition_variable>
#include <cstring>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "accounts/lending.h"
#include "accounts/principal.h"
#include "accounts/secret.h"
#include "base/clock.h"
#include "storage/accounts.h"

namespace ara::accounts {

/// All accounts and keys as they were at one moment; never changed once made.
struct DirectorySnapshot {
  struct Key {
    std::string id;
    std::shared_ptr<const Account> account;
    WallTime expires = WallTime::max();
  };
  /// A digest is as good as random already.
  struct DigestHash {
    std::size_t operator()(const Digest& digest) const noexcept {
      std::size_t start = 0;
      std::memcpy(&start, digest.data(), sizeof start);
      return start;
    }
  };

  std::uint64_t generation = 0;  ///< tells the snapshots of a directory apart
  std::uint64_t version = 0;     ///< of the store, when it was read
  std::unordered_map<std::string, std::shared_ptr<const Account>> accounts;  ///< by id
  std::unordered_map<Digest, Key, DigestHash> keys;  ///< by SHA-256, without the revoked ones
};

struct DirectoryOptions {
  Tiers tiers;
  std::int64_t per_minute = 0;  ///< of every account in place of its tier's; 0: the tier's
  int servers = 1;              ///< that share a minute's limit: see Meter
  std::shared_ptr<cache::Channel> channel;  ///< by which they lend one another; none: they do not
  std::chrono::milliseconds refresh{250};
};

/// A number that no other object of this process has: a thread tells by it whose things it
/// remembers.
std::uint64_t next_instance();

/// The accounts and keys of the store in memory, so that a request is authenticated and counted
/// without waiting: a thread of its own looks at them anew, borrows requests of the day, and notes
/// when keys were used. Readers take no lock.
class Directory {
 public:
  /// Nothing older is trusted: whoever was disabled or revoked is refused by then.
  static constexpr std::chrono::seconds kTrust{1};
  /// Uses of keys that wait to be written; more are left out.
  static constexpr std::size_t kMostUses = 10'000;

  static Result<std::unique_ptr<Directory>> start(std::shared_ptr<storage::AccountStore> store,
                                                  DirectoryOptions options, const Clock& clock);
  /// Gives back what was borrowed and not used.
  ~Directory();

  /// The newest snapshot, or null where it is older than kTrust at `now`. Valid until this thread's
  /// next call.
  const DirectorySnapshot* fresh(SteadyTime now) const;

  /// Waits until there is a snapshot to trust; false where there is none by then.
  bool await_fresh(SteadyTime until);

  /// Looks at the store at once: what was stored before is known here when this returns.
  Result<void> renew(const Call& call);

  // Both cost a short lock, and are called seldom: when a share runs low, once a minute for a key.
  void ask(std::shared_ptr<Meter> meter);
  /// Asks the other servers for more of the minute.
  void ask_servers(const Meter& meter);
  /// See Lending::wait.
  bool wait_for_servers(const Account& account, Lending::Then then);
  void note_use(std::string key_id, WallTime when);

 private:
  Directory(std::shared_ptr<storage::AccountStore> store, DirectoryOptions options,
            const Clock& clock);

  void run();
  Result<std::shared_ptr<DirectorySnapshot>> read(std::uint64_t version, const Call& call);
  std::shared_ptr<const Account> make_account(const storage::AccountRow& row);
  std::shared_ptr<const DirectorySnapshot> snapshot() const;

  Result<void> begin_day(const Call& call);  ///< settles the day before, where it is another
  void lend(std::vector<std::shared_ptr<Meter>> asking, const Call& call);
  void write_uses(const Call& call);
  void give_back();
  std::int64_t today() const;

  const std::shared_ptr<storage::AccountStore> store_;
  const DirectoryOptions options_;
  const std::int64_t most_per_minute_;
  const Clock& clock_;
  const std::uint64_t instance_;  ///< tells this object's snapshots from another's in a thread

  std::mutex looking_;  ///< held while the store is looked at; guards the next four
  std::unordered_map<std::string, std::shared_ptr<Meter>> meters_;  ///< by account
  std::unordered_map<std::string, Tier> limits_;                    ///< as last seen, by account
  std::int64_t day_ = std::numeric_limits<std::int64_t>::min();     ///< that shares are of
  std::uint64_t made_ = 0;                                          ///< snapshots

  mutable std::mutex mutex_;  ///< never held while the store is asked; guards the next six
  std::condition_variable wake_;
  std::condition_variable looked_;  ///< told after each look that the store answered
  bool stopping_ = false;
  std::shared_ptr<const DirectorySnapshot> current_;
  std::vector<std::shared_ptr<Meter>> asking_;
  std::unordered_map<std::string, WallTime> uses_;  ///< by key

  std::atomic<std::uint64_t> generation_ = 0;   ///< of the published snapshot
  std::atomic<SteadyTime::rep> looked_at_ = 0;  ///< when the store last confirmed it
  std::unique_ptr<Lending> lending_;
  std::thread thread_;
};

}  // namespace ara::accounts
