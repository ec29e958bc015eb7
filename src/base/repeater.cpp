#include "base/repeater.h"

#include <utility>

namespace ara {

Repeater::Repeater(std::chrono::milliseconds pause, std::function<void()> thing)
    : pause_(pause), thing_(std::move(thing)), thread_([this] { run(); }) {}

Repeater::~Repeater() {
  stop();
  thread_.join();
}

void Repeater::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
}

void Repeater::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    thing_();
    lock.lock();
    wake_.wait_for(lock, pause_, [this] { return stopping_; });
  }
}

}  // namespace ara
