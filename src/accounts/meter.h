#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "accounts/day_share.h"
#include "accounts/tiers.h"
#include "accounts/window.h"

namespace ara::accounts {

/// Whether a request was let pass, and what is left.
struct Admission {
  enum class Spent { nothing, minute, day };
  Spent spent = Spent::nothing;  ///< what was used up, so that it was refused
  std::int64_t minute_left = 0;
  std::chrono::milliseconds minute_next{};  ///< until there is room for one more of the minute
  std::int64_t day_left = 0;
  bool hungry = false;  ///< the day share wants a block

  bool admitted() const { return spent == Spent::nothing; }
};

/// Counts the requests of one account. Lives as long as the process, so that nothing is forgotten
/// when the account's role or tier changes.
class Meter {
 public:
  /// `most_per_minute` is the largest limit that an account can have. Of `servers` that count alike
  /// each lets pass its equal part of a minute's limit, so that they keep it together without a
  /// word between them.
  Meter(std::string account_id, std::int64_t most_per_minute, int servers = 1)
      : account_id_(std::move(account_id)),
        servers_(servers),
        window_(static_cast<std::size_t>(most_per_minute)) {}

  /// Counts one request, if it may pass. Never blocks.
  Admission admit(const Tier& tier, SteadyTime now);

  const std::string& account_id() const { return account_id_; }
  DayShare& day() { return day_; }

  /// True for the one who should ask for a block of the day; until served(), for nobody else.
  bool begin_asking() {
    return !asking_.load(std::memory_order_relaxed) && !asking_.exchange(true);
  }
  void served() { asking_.store(false); }

 private:
  const std::string account_id_;
  const int servers_;
  Window window_;
  DayShare day_;
  std::atomic<bool> asking_ = false;
};

}  // namespace ara::accounts
