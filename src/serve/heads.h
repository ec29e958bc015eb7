#pragma once

#include <array>
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

/// The heads of all symbols as they were at one moment; never changed once made. They lie in parts,
/// which those of another moment share as far as they are the same: a change costs a part and not
/// the whole.
class SymbolHeads {
 public:
  /// Of `before`, which may be null where these are all heads, and what has changed since.
  static std::shared_ptr<const SymbolHeads> make(const SymbolHeads* before,
                                                 storage::HeadChanges changes);

  /// Null for an unknown symbol.
  const storage::SymbolRow* find(const domain::Symbol& symbol) const;
  const std::vector<std::string>& names() const { return *names_; }  ///< ascending

 private:
  using Part = std::unordered_map<domain::Symbol, storage::SymbolRow>;
  static constexpr std::size_t kParts = 256;
  static std::size_t part_of(const domain::Symbol& symbol);

  std::array<std::shared_ptr<const Part>, kParts> parts_;  ///< null: empty
  std::shared_ptr<const std::vector<std::string>> names_;
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
    return symbols->find(symbol);
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
  storage::HeadsMark mark_;  ///< of current_; empty: all are to be read; touched by who looks
  SteadyTime read_all_{};    ///< when all were read last
  std::atomic<std::uint64_t> generation_ = 0;   ///< grows with each published snapshot
  std::atomic<SteadyTime::rep> looked_at_ = 0;  ///< when the store last confirmed it
  std::thread thread_;
};

}  // namespace ara::serve
