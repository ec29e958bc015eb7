#include "accounts/meter.h"

#include <algorithm>

namespace ara::accounts {
namespace {

constexpr std::chrono::seconds kLenderLate{1};
/// Between two questions for more of a minute: at first, and doubled up to so often while nobody
/// has any.
constexpr std::chrono::milliseconds kAskAgain{25};
constexpr int kMostDoublings = 5;
/// In which who has anything answers the first question, on a busy machine too. Later ones have no
/// hope: nobody waits for what was not there a moment ago.
constexpr std::chrono::milliseconds kHope{150};

}  // namespace

std::int64_t Meter::share_of(std::int64_t per_minute) const {
  return std::max<std::int64_t>(1, per_minute / servers_.count);
}

bool Meter::use_borrowed(SteadyTime now) {
  std::int64_t left = borrowed_.load(std::memory_order_acquire);
  while (left > 0 && now < time_of(term_)) {
    // Set before it is used, so that who counts what was used never takes it for older.
    last_borrowed_.store(now.time_since_epoch().count(), std::memory_order_release);
    if (borrowed_.compare_exchange_weak(left, left - 1, std::memory_order_acq_rel)) return true;
  }
  return false;
}

Window::Verdict Meter::admit_minute(std::int64_t share, SteadyTime now) {
  Window::Verdict minute = window_.admit(share, now);
  if (!servers_.lend) return minute;
  if (!minute.admitted) minute.admitted = use_borrowed(now);
  if (minute.admitted) {
    last_admitted_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
  }
  minute.left += std::max<std::int64_t>(borrowed(), 0);
  return minute;
}

bool Meter::should_ask(std::int64_t left, std::int64_t share, SteadyTime now) {
  if (!servers_.lend || 2 * left > share) return false;
  SteadyTime::rep after = ask_after_.load(std::memory_order_relaxed);
  if (now.time_since_epoch().count() < after) return false;
  const int unheard = std::min(unheard_.load(std::memory_order_relaxed), kMostDoublings);
  const SteadyTime next = now + kAskAgain * (1 << unheard);
  if (!ask_after_.compare_exchange_strong(after, next.time_since_epoch().count())) return false;
  if (unheard_.fetch_add(1, std::memory_order_relaxed) == 0) {
    hope_.store((now + kHope).time_since_epoch().count(), std::memory_order_release);
  }
  return true;
}

void Meter::borrow(std::int64_t count) {
  borrowed_.fetch_add(count, std::memory_order_acq_rel);
  unheard_.store(0, std::memory_order_relaxed);
  ask_after_.store(0, std::memory_order_relaxed);
}

std::int64_t Meter::return_borrowed(std::int64_t count) {
  std::int64_t left = borrowed_.load(std::memory_order_acquire);
  std::int64_t taken = 0;
  do {
    taken = std::min(left, count);
    if (taken <= 0) return 0;
  } while (!borrowed_.compare_exchange_weak(left, left - taken, std::memory_order_acq_rel));
  return taken;
}

Admission Meter::admit(const Tier& tier, SteadyTime now) {
  // The minute first: so no more than its limit is ever asked of the day on credit.
  const std::int64_t share = share_of(tier.per_minute);
  const Window::Verdict minute = admit_minute(share, now);
  const bool short_of = should_ask(minute.left, share, now);
  if (!minute.admitted) {
    return {Admission::Spent::minute,     0, minute.next, day_.left(tier.per_day), false, short_of,
            servers_.lend && now < hope()};
  }
  // Who is lent more than its share of the minute may need as much on credit, for a moment.
  const DayShare::Verdict day =
      day_.take(tier.per_day, servers_.lend ? tier.per_minute : share, share);
  if (day.admitted) {
    return {Admission::Spent::nothing, minute.left, minute.next, day.left, day.hungry, short_of};
  }
  if (day.left == 0) return {Admission::Spent::day, minute.left, minute.next, 0, day.hungry};
  // The day has more, and the lender is late: it is asked again.
  return {Admission::Spent::minute, 0, kLenderLate, day.left, true};
}

}  // namespace ara::accounts
