#pragma once

#include <memory>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "base/repeater.h"
#include "storage/store.h"
#include "telemetry/metrics.h"

namespace ara::live {

struct BackupWatchOptions {
  std::chrono::milliseconds every{30'000};
  std::chrono::milliseconds timeout{5'000};  ///< of one question
};

/// Shows how old the newest backup of the store is, whoever made it and wherever: a thread asks the
/// store once in a while, so that a scrape waits for nothing. Where the store does not answer, what
/// it said last grows older.
class BackupWatch {
 public:
  BackupWatch(std::shared_ptr<storage::Store> store,
              const std::shared_ptr<telemetry::Metrics>& metrics, BackupWatchOptions options = {},
              const Clock& clock = system_clock());

 private:
  /// What the metrics show, which may outlive the watch.
  struct Shown {
    mutable std::mutex mutex;
    std::optional<WallTime> newest;  ///< nothing before the first answer
  };

  void look();

  const std::shared_ptr<storage::Store> store_;
  const std::chrono::milliseconds timeout_;
  const std::shared_ptr<Shown> shown_ = std::make_shared<Shown>();
  Repeater looks_;
};

}  // namespace ara::live
