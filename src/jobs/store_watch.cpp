#include "jobs/store_watch.h"

namespace ara::jobs {

StoreWatch::StoreWatch(std::shared_ptr<storage::Store> store, StoreWatchOptions options,
                       const Clock& clock)
    : store_(std::move(store)), options_(options), clock_(clock), thread_([this] { run(); }) {}

StoreWatch::~StoreWatch() {
  stop();
  thread_.join();
}

void StoreWatch::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
}

Result<void> StoreWatch::answers() const {
  const SteadyTime asked = asked_.load();
  if (asked == SteadyTime::min()) {
    return fail(Code::unavailable, "The store has not answered yet");
  }
  if (clock_.steady() - asked > options_.trust) {
    return fail(Code::unavailable, "The store has stopped answering");
  }
  return {};
}

void StoreWatch::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    const SteadyTime now = clock_.steady();
    if (store_->registry_version(Call{Deadline{now + options_.timeout}})) asked_ = now;
    lock.lock();
    wake_.wait_for(lock, options_.every, [this] { return stopping_; });
  }
}

}  // namespace ara::jobs
