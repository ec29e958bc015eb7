#include "accounts/meter.h"

#include <algorithm>

namespace ara::accounts {
namespace {

constexpr std::chrono::seconds kLenderLate{1};

}  // namespace

Admission Meter::admit(const Tier& tier, SteadyTime now) {
  // The minute first: so no more than its limit is ever asked of the day on credit.
  const std::int64_t part = std::max(1, tier.per_minute / servers_);
  const Window::Verdict minute = window_.admit(part, now);
  if (!minute.admitted) return {Admission::Spent::minute, 0, minute.next, day_.left(tier.per_day)};
  const DayShare::Verdict day = day_.take(tier.per_day, part);
  if (day.admitted) {
    return {Admission::Spent::nothing, minute.left, minute.next, day.left, day.hungry};
  }
  if (day.left == 0) return {Admission::Spent::day, minute.left, minute.next, 0, day.hungry};
  // The day has more, and the lender is late: it is asked again.
  return {Admission::Spent::minute, 0, kLenderLate, day.left, true};
}

}  // namespace ara::accounts
