#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "storage/store.h"

namespace ara::serve {

/// All heads as they were at one moment; never changed once made.
struct HeadSnapshot {
  std::unordered_map<domain::Symbol, storage::SymbolRow> rows;
  std::vector<std::string> names;  ///< ascending
  std::uint64_t version = 0;       ///< of the store, when it was read
};

/// The heads of all symbols in memory, looked at anew by a thread of its own. A reader takes no
/// lock: it keeps the snapshot of its thread until a newer one is published.
class Heads {
 public:
  /// Nothing older is trusted, whatever the refresh interval.
  static constexpr std::chrono::seconds kTrust{1};

  static Result<std::unique_ptr<Heads>> start(std::shared_ptr<storage::Store> store,
                                              std::chrono::milliseconds refresh,
                                              const Clock& clock);
  ~Heads();

  /// The symbol's head, or null where it is unknown or what we know is older than kTrust. Valid
  /// until this thread's next call.
  const storage::SymbolRow* fresh(const domain::Symbol& symbol) const;
  bool trusted() const;
  std::shared_ptr<const HeadSnapshot> snapshot() const;

 private:
  Heads(std::shared_ptr<storage::Store> store, std::chrono::milliseconds refresh,
        const Clock& clock);

  Result<void> look();  ///< asks the store, and reads all heads if something changed
  void run();
  const HeadSnapshot& local() const;

  std::shared_ptr<storage::Store> store_;
  const std::chrono::milliseconds refresh_;
  const Clock& clock_;
  const std::uint64_t instance_;  ///< tells this object's snapshots from another's in a thread

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::shared_ptr<const HeadSnapshot> current_;
  std::atomic<std::uint64_t> generation_ = 0;   ///< grows with each published snapshot
  std::atomic<SteadyTime::rep> looked_at_ = 0;  ///< when the store last confirmed it
  std::thread thread_;
};

}  // namespace ara::serve
