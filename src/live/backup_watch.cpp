#include "live/backup_watch.h"

#include <cmath>

namespace ara::live {

BackupWatch::BackupWatch(std::shared_ptr<storage::Store> store,
                         const std::shared_ptr<telemetry::Metrics>& metrics,
                         BackupWatchOptions options, const Clock& clock)
    : store_(std::move(store)),
      timeout_(options.timeout),
      looks_(options.every, [this] { look(); }) {
  metrics->gauge("ara_backup_age_seconds", {}, [shown = shown_, &clock] {
    const std::lock_guard lock(shown->mutex);
    if (!shown->newest) return std::nan("");
    return std::chrono::duration<double>(clock.now() - *shown->newest).count();
  });
}

void BackupWatch::look() {
  const auto newest = store_->last_backup(Call{Deadline::after(timeout_)});
  if (!newest) return;
  const std::lock_guard lock(shown_->mutex);
  shown_->newest = *newest;
}

}  // namespace ara::live
