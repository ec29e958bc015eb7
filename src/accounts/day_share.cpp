#include "accounts/day_share.h"

#include <algorithm>

namespace ara::accounts {

DayShare::Verdict DayShare::take(std::int64_t limit, std::int64_t credit, std::int64_t low) {
  const std::int64_t granted = granted_.load(std::memory_order_acquire);
  const std::int64_t whole = limit - others_.load(std::memory_order_acquire);
  const std::int64_t most = std::min(whole, granted + credit);
  std::int64_t before = spent();
  do {
    if (before >= most) {
      return {false, std::max<std::int64_t>(whole - before, 0), granted < whole};
    }
  } while (!spent_.compare_exchange_weak(before, before + 1, std::memory_order_relaxed));
  return {true, whole - before - 1, granted < whole && granted - before - 1 < low};
}

void DayShare::lent(std::int64_t owed, std::int64_t granted, std::int64_t used) {
  const std::int64_t now = granted_.load(std::memory_order_relaxed) + owed + granted;
  others_.store(used - now, std::memory_order_release);
  granted_.store(now, std::memory_order_release);
}

void DayShare::begin(std::int64_t owed_before, std::int64_t used) {
  // spent - granted was settled as owed_before; what came later is this day's.
  const std::int64_t settled = granted_.load(std::memory_order_relaxed) + owed_before;
  others_.store(used, std::memory_order_release);
  granted_.store(0, std::memory_order_release);
  spent_.fetch_sub(settled, std::memory_order_relaxed);
}

}  // namespace ara::accounts
