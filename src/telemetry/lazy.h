#pragma once

#include <atomic>
#include <cstdint>

#include "telemetry/metrics.h"

namespace ara::telemetry {

/// The handle of a series that is made, and shown, only once it is needed. Threads that need it
/// first at the same time are given the same one by the metrics.
class LazyCounter {
 public:
  /// `make` gives the Metrics::Counter; called by the first who asks.
  template <class Make>
  Metrics::Counter get(Make make) {
    std::uint64_t known = known_.load(std::memory_order_relaxed);
    if (known == 0) [[unlikely]] {
      known = 1 + std::uint64_t{make().cell};
      known_.store(known, std::memory_order_relaxed);
    }
    return {static_cast<std::uint32_t>(known - 1)};
  }

 private:
  std::atomic<std::uint64_t> known_ = 0;  ///< the cell + 1; 0: not made yet
};

class LazyHistogram {
 public:
  template <class Make>
  Metrics::Histogram get(Make make) {
    std::uint64_t known = known_.load(std::memory_order_relaxed);
    if (known == 0) [[unlikely]] {
      const Metrics::Histogram made = make();
      known = 1 + std::uint64_t{made.first_cell} + (std::uint64_t{made.row} << 32U);
      known_.store(known, std::memory_order_relaxed);
    }
    return {static_cast<std::uint32_t>(known) - 1, static_cast<std::uint32_t>(known >> 32U)};
  }

 private:
  std::atomic<std::uint64_t> known_ = 0;  ///< the row above the first cell + 1; 0: not made yet
};

}  // namespace ara::telemetry
