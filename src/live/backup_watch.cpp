#include "live/backup_watch.h"

#include <cmath>

namespace ara::live {

BackupWatch::BackupWatch(std::shared_ptr<storage::Store> store,
                         const std::shared_ptr<telemetry::Metrics>& metrics,
                         BackupWatchOptions options, const Clock& clock)
    : store_(std::move(store)), options_(options) {
  metrics->gauge("ara_backup_age_seconds", {}, [shown = shown_, &clock] {
    const std::lock_guard lock(shown->mutex);
    if (!shown->newest) return std::nan("");
    return std::chrono::duration<double>(clock.now() - *shown->newest).count();
  });
  thread_ = std::thread([this] { run(); });
}

BackupWatch::~BackupWatch() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void BackupWatch::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    if (const auto newest = store_->last_backup(Call{Deadline::after(options_.timeout)})) {
      const std::lock_guard shown(shown_->mutex);
      shown_->newest = *newest;
    }
    lock.lock();
    wake_.wait_for(lock, options_.every, [this] { return stopping_; });
  }
}

}  // namespace ara::live
