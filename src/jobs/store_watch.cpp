#include "jobs/store_watch.h"

namespace ara::jobs {

StoreWatch::StoreWatch(std::shared_ptr<storage::Store> store, StoreWatchOptions options,
                       const Clock& clock)
    : store_(std::move(store)),
      options_(options),
      clock_(clock),
      looks_(options.every, [this] { look(); }) {}

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

void StoreWatch::look() {
  const SteadyTime now = clock_.steady();
  if (store_->registry_version(Call{Deadline{now + options_.timeout}})) asked_ = now;
}

}  // namespace ara::jobs
