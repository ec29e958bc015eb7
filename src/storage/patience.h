#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "base/clock.h"

namespace ara::storage {

/// How long to wait for a lock, a connection or an answer when the caller gave no deadline.
inline constexpr std::chrono::seconds kPatience{60};

/// Waits between two tries of what another may make possible meanwhile.
inline void pause_until(SteadyTime moment) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable().wait_until(lock, moment, [] { return false; });
}

}  // namespace ara::storage
