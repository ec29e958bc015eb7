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
#include "registry/lineup.h"
#include "storage/store.h"

namespace ara::serve {

/// The heads of all symbols as they were at one moment.
struct SymbolHeads {
  std::unordered_map<domain::Symbol, storage::SymbolRow> rows;
  std::vector<std::string> names;  ///< ascending
  std::uint64_t version = 0;       ///< of the store, when it was read
};

/// All that is mutable of a forecast's key; never changed once made. Its two parts change apart, so
/// that promoting a model costs nothing that grows with the number of symbols.
struct HeadSnapshot {
  std::shared_ptr<const SymbolHeads> symbols;
  std::shared_ptr<const registry::Lineup> lineup;
  /// The lineup before this one, and until when it may be trusted still: kTrust after the store
  /// last confirmed it. Null where there was none.
  std::shared_ptr<const registry::Lineup> previous;
  SteadyTime previous_until{};

  /// Null for an unknown symbol.
  const storage::SymbolRow* find(const domain::Symbol& symbol) const {
    const auto found = symbols->rows.find(symbol);
    return found == symbols->rows.end() ? nullptr : &found->second;
  }
};

/// The heads of all symbols, and the models that serve them, in memory; looked at anew by a thread
/// of its own. A reader takes no lock: it keeps the snapshot of its thread until a newer one is
/// published.
class Heads {
 public:
  /// Nothing older is trusted, whatever the refresh interval.
  static constexpr std::chrono::seconds kTrust{1};

  /// Reads them for the first time; a store that is down or busy is asked again, for `patience` in
  /// all.
  static Result<std::unique_ptr<Heads>> start(std::shared_ptr<storage::Store> store,
                                              std::shared_ptr<const registry::Shelf> shelf,
                                              std::chrono::milliseconds refresh,
                                              std::chrono::milliseconds patience,
                                              const Clock& clock);
  ~Heads();

  /// The newest snapshot, or null where it is older than kTrust. Valid until this thread's next
  /// call.
  const HeadSnapshot* fresh() const;
  bool trusted() const;
  /// Asks the store anew without waiting for the interval to pass.
  void look_soon();
  std::shared_ptr<const HeadSnapshot> snapshot() const;

 private:
  Heads(std::shared_ptr<storage::Store> store, std::shared_ptr<const registry::Shelf> shelf,
        std::chrono::milliseconds refresh, const Clock& clock);

  Result<void> first_look(SteadyTime give_up);
  Result<void> look(const Call& call);  ///< asks the store, and reads what has changed
  Result<std::shared_ptr<const SymbolHeads>> read_symbols(const Call& call) const;
  SteadyTime looked_at() const;
  void run();

  std::shared_ptr<storage::Store> store_;
  const std::shared_ptr<const registry::Shelf> shelf_;
  const std::chrono::milliseconds refresh_;
  const Clock& clock_;
  const std::uint64_t instance_;  ///< tells this object's snapshots from another's in a thread

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  bool hurried_ = false;
  std::shared_ptr<const HeadSnapshot> current_;
  std::atomic<std::uint64_t> generation_ = 0;   ///< grows with each published snapshot
  std::atomic<SteadyTime::rep> looked_at_ = 0;  ///< when the store last confirmed it
  std::thread thread_;
};

}  // namespace ara::serve
