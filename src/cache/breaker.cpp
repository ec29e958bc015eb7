#include "cache/breaker.h"

namespace ara::cache {

Breaker::Ticks Breaker::after_rest() const {
  return (clock_.steady() + limits_.rest).time_since_epoch().count();
}

bool Breaker::allows() {
  if (!open()) return true;
  Ticks at = retry_at_.load(std::memory_order_relaxed);
  if (clock_.steady().time_since_epoch().count() < at) return false;
  return retry_at_.compare_exchange_strong(at, after_rest(), std::memory_order_relaxed);
}

void Breaker::succeeded() {
  // Written only where it changes: every call comes by here, from every thread.
  if (failures_.load(std::memory_order_relaxed) != 0) {
    failures_.store(0, std::memory_order_relaxed);
  }
  if (open()) open_.store(false, std::memory_order_relaxed);
}

void Breaker::failed() {
  if (failures_.fetch_add(1, std::memory_order_relaxed) + 1 < limits_.failures) return;
  retry_at_.store(after_rest(), std::memory_order_relaxed);
  if (!open_.exchange(true, std::memory_order_relaxed)) {
    openings_.fetch_add(1, std::memory_order_relaxed);
  }
}

}  // namespace ara::cache
