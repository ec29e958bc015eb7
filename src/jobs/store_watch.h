#pragma once

#include <atomic>
#include <memory>

#include "base/clock.h"
#include "base/repeater.h"
#include "storage/store.h"

namespace ara::jobs {

struct StoreWatchOptions {
  std::chrono::milliseconds every{1000};
  std::chrono::milliseconds timeout{1000};  ///< of one question
  std::chrono::milliseconds trust{3000};    ///< that one answer lasts
};

/// Whether the store answers: a thread asks it a little thing again and again, so that who wants to
/// know need not wait for a store that is silent.
class StoreWatch {
 public:
  explicit StoreWatch(std::shared_ptr<storage::Store> store, StoreWatchOptions options = {},
                      const Clock& clock = system_clock());

  /// Code::unavailable where it has not answered for as long as an answer lasts, or not yet. At
  /// once, on any thread.
  Result<void> answers() const;
  /// Asks no more; does not wait for a question that is under way.
  void stop() { looks_.stop(); }

 private:
  void look();

  const std::shared_ptr<storage::Store> store_;
  const StoreWatchOptions options_;
  const Clock& clock_;
  std::atomic<SteadyTime> asked_ = SteadyTime::min();  ///< when it was, of the newest answer
  Repeater looks_;
};

}  // namespace ara::jobs
