#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "base/clock.h"

namespace ara::cache {

/// A circuit breaker (Nygard 2018, "Release It!", 2nd edition, section 5.2): after failures in a
/// row it opens, and what it guards is left alone; once every `rest` one caller may try again, and
/// the first success closes it. Thread-safe, without locks.
class Breaker {
 public:
  struct Limits {
    std::uint32_t failures = 5;           ///< in a row, that open it
    std::chrono::milliseconds rest{500};  ///< between two tries while it is open
  };

  Breaker(const Clock& clock, Limits limits) : clock_(clock), limits_(limits) {}

  /// Whether to try now. Who gets true while it is open is the probe: nobody else does for `rest`.
  bool allows();
  void succeeded();
  void failed();

  bool open() const { return open_.load(std::memory_order_relaxed); }
  std::uint64_t openings() const { return openings_.load(std::memory_order_relaxed); }

 private:
  using Ticks = SteadyTime::rep;

  Ticks after_rest() const;

  const Clock& clock_;
  const Limits limits_;
  std::atomic<std::uint32_t> failures_ = 0;  ///< in a row
  std::atomic<bool> open_ = false;
  std::atomic<Ticks> retry_at_ = 0;  ///< on the steady clock; means something while it is open
  std::atomic<std::uint64_t> openings_ = 0;
};

}  // namespace ara::cache
