#pragma once

#include <atomic>
#include <chrono>

#include "base/clock.h"

namespace ara::support {

/// A clock that stands still until told otherwise. Starts in 2026; thread-safe.
class ManualClock final : public Clock {
 public:
  WallTime now() const override {
    return WallTime(std::chrono::seconds(1'790'000'000)) +
           std::chrono::floor<std::chrono::microseconds>(passed());
  }
  SteadyTime steady() const override {
    return SteadyTime(std::chrono::hours(1)) +
           std::chrono::duration_cast<SteadyTime::duration>(passed());
  }

  void advance(std::chrono::nanoseconds by) { passed_ += by.count(); }

 private:
  std::chrono::nanoseconds passed() const { return std::chrono::nanoseconds(passed_.load()); }

  std::atomic<std::int64_t> passed_ = 0;
};

}  // namespace ara::support
