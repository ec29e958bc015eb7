#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace ara::accounts {

/// What one server may let pass of an account's requests of the day. Servers share the day's limit:
/// each is lent a block by whoever keeps the count (storage::AccountStore::lease_requests), ahead
/// of need, so that asking never waits. What is made before a block has come, no more than a
/// minute's worth and never more than what is known to be left, is owed and counted with the next.
class DayShare {
 public:
  struct Verdict {
    bool admitted = false;
    std::int64_t left = 0;  ///< of the day, as far as is known here
    bool hungry = false;    ///< another block should be asked for
  };
  /// One request, of `limit` a day and `credit` that may be owed; with fewer than `low` lent and
  /// not used it is hungry.
  Verdict take(std::int64_t limit, std::int64_t credit, std::int64_t low);
  /// Of the day, as far as is known here.
  std::int64_t left(std::int64_t limit) const {
    return std::max<std::int64_t>(limit - others_.load(std::memory_order_relaxed) - spent(), 0);
  }

  // What follows is for the one thread that deals with the lender.

  /// Requests made that no block covers; negative: lent and not made.
  std::int64_t owed() const { return spent() - granted_.load(std::memory_order_relaxed); }
  /// `granted` more were lent after `owed` were counted; `used` is what all servers have used.
  void lent(std::int64_t owed, std::int64_t granted, std::int64_t used);
  /// Begins a day of which `used` requests are counted already; what was made since the last call
  /// of owed() counts into it.
  void begin(std::int64_t owed_before, std::int64_t used);

 private:
  std::int64_t spent() const { return spent_.load(std::memory_order_relaxed); }

  std::atomic<std::int64_t> spent_ = 0;    ///< let pass here
  std::atomic<std::int64_t> granted_ = 0;  ///< lent to this server
  std::atomic<std::int64_t> others_ = 0;   ///< used by others, or here before the last start
};

}  // namespace ara::accounts
