#include "jobs/heartbeat.h"

#include <algorithm>
#include <cmath>

namespace ara::jobs {
namespace {

constexpr std::size_t kMessageBytes = 200;

}  // namespace

Heartbeat::Heartbeat(storage::JobStore& store, const storage::JobRow& leased, Pulse pulse,
                     const Clock& clock)
    : store_(store),
      ticket_{leased.id, leased.fence},
      pulse_(pulse),
      clock_(clock),
      fraction_(leased.progress),
      message_(leased.message),
      until_(clock.steady() + pulse.lease),
      thread_([this] { run(); }) {}

void Heartbeat::progress(double fraction, std::string_view message) {
  if (!std::isfinite(fraction)) return;
  {
    const std::lock_guard lock(mutex_);
    fraction_ = std::clamp(fraction, 0.0, 1.0);
    message_ = printable(message, kMessageBytes);
    told_ = true;
  }
  wake_.notify_one();
}

void Heartbeat::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Heartbeat::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_ && !lost_) {
    wake_.wait_for(lock, pulse_.beat, [this] { return stopping_ || told_; });
    if (stopping_) return;
    told_ = false;
    const double fraction = fraction_;
    std::string message = message_;
    lock.unlock();
    touch(fraction, std::move(message));
    lock.lock();
    wake_.wait_for(lock, pulse_.least, [this] { return stopping_; });
  }
}

void Heartbeat::touch(double fraction, std::string message) {
  const SteadyTime begun = clock_.steady();
  const WallTime now = clock_.now();
  const auto done = store_.touch_job({.ticket = ticket_,
                                      .now = now,
                                      .until = now + pulse_.lease,
                                      .progress = fraction,
                                      .message = std::move(message)},
                                     Call{Deadline::after(pulse_.beat)});
  if (done) {
    until_ = begun + pulse_.lease;
  } else if (done.error().code == Code::conflict || clock_.steady() >= until_.load()) {
    // Another may have the job by now, and nothing we would write could be known to be the newest.
    lost_ = true;
  }
}

}  // namespace ara::jobs
