#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
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
  bool hungry = false;      ///< the day share wants a block
  bool runs_short = false;  ///< of the minute: other servers should be asked for more
  bool may_come = false;    ///< they were asked just now: it is worth waiting a moment

  bool admitted() const { return spent == Spent::nothing; }
};

/// That count alike.
struct Servers {
  int count = 1;
  bool lend = false;  ///< whether they lend one another what they have left: see loans.h
};

/// Counts the requests of one account. Lives as long as the process, so that nothing is forgotten
/// when the account's role or tier changes.
class Meter {
 public:
  /// `most_per_minute` is the largest limit that an account can have. Each server lets pass its
  /// equal part of a minute's limit, and what others lend it.
  Meter(std::string account_id, std::int64_t most_per_minute, Servers servers = {})
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

  // What follows is for the one thread that deals with the other servers.

  void set_limit(int per_minute) { per_minute_.store(per_minute, std::memory_order_relaxed); }
  std::int64_t share() const { return share_of(per_minute_.load(std::memory_order_relaxed)); }
  SteadyTime last_admitted() const { return time_of(last_admitted_); }

  /// Of the own part: what could be admitted or lent now.
  std::int64_t free(SteadyTime now) { return window_.free(share(), now); }
  /// At most `count`; how much it was.
  std::int64_t lend(std::int64_t count, SteadyTime now) {
    return window_.lend(count, share(), now);
  }
  void take_back(std::int64_t count) { window_.take_back(count); }

  /// What is borrowed may be used once, until the term.
  void borrow(std::int64_t count);
  std::int64_t borrowed() const { return borrowed_.load(std::memory_order_acquire); }
  /// No later than this was what is missing of borrowed() used.
  SteadyTime last_borrowed() const { return time_of(last_borrowed_); }
  /// Until when an answer to the last question may be hoped for.
  SteadyTime hope() const { return time_of(hope_); }
  void set_term(SteadyTime until) {
    term_.store(until.time_since_epoch().count(), std::memory_order_release);
  }
  /// Takes out what is not used, at most `count`; how much it was.
  std::int64_t return_borrowed(std::int64_t count);

 private:
  using Time = std::atomic<SteadyTime::rep>;
  static SteadyTime time_of(const Time& time) {
    return SteadyTime(SteadyTime::duration(time.load(std::memory_order_acquire)));
  }
  std::int64_t share_of(std::int64_t per_minute) const;
  Window::Verdict admit_minute(std::int64_t share, SteadyTime now);
  bool use_borrowed(SteadyTime now);
  bool should_ask(std::int64_t left, std::int64_t share, SteadyTime now);

  const std::string account_id_;
  const Servers servers_;
  Window window_;
  DayShare day_;
  std::atomic<bool> asking_ = false;

  std::atomic<std::int64_t> per_minute_ = 1;
  Time last_admitted_ = std::numeric_limits<SteadyTime::rep>::min() / 2;
  std::atomic<std::int64_t> borrowed_ = 0;
  Time last_borrowed_ = std::numeric_limits<SteadyTime::rep>::min() / 2;
  Time term_ = 0;
  Time ask_after_ = 0;  ///< not before
  Time hope_ = 0;
  std::atomic<int> unheard_ = 0;  ///< times asked since the last loan
};

}  // namespace ara::accounts
