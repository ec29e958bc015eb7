#include "serve/slow_lane.h"

#include <algorithm>

#include "serve/background.h"

namespace ara::serve {
namespace {

/// The part of the time left that may be spent on waiting and computing, by the average. The rest
/// is for what takes longer than the average, so that what is admitted is also answered in time.
constexpr double kAdmitted = 0.5;
constexpr double kAverageWeight = 1.0 / 16;

/// An average that nothing was added to for so long may tell of times that are over: a free worker
/// tries, however long things took then.
constexpr std::chrono::milliseconds kStale{250};

double seconds_of(std::chrono::nanoseconds span) {
  return std::chrono::duration<double>(span).count();
}

}  // namespace

SlowLane::SlowLane(unsigned workers, std::size_t capacity, const Clock& clock, Waited waited)
    : clock_(clock), capacity_(capacity), waited_(std::move(waited)) {
  for (unsigned i = 0; i < std::max(workers, 1U); ++i) threads_.emplace_back([this] { run(); });
}

SlowLane::~SlowLane() {
  drain(Deadline{SteadyTime::min()});
}

Result<void> SlowLane::submit(Deadline deadline, Work work) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return fail(Code::overloaded, "The server is stopping");
    const std::size_t ahead = queue_.size() + running();
    const SteadyTime now = clock_.steady();
    const bool hopeless = kAdmitted * seconds_of(deadline.left(now)) < expected_seconds(ahead);
    const bool try_it = ahead < threads_.size() && !deadline.passed(now) && stale(now);
    if (queue_.size() >= capacity_ || (hopeless && !try_it)) {
      return fail(Code::overloaded, "Too many forecasts are being computed to answer in time");
    }
    if (hopeless) tried_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
    queue_.push_back({deadline, now, std::move(work), telemetry::trace_place()});
  }
  wake_.notify_one();
  return {};
}

std::size_t SlowLane::queued() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

double SlowLane::expected_seconds() const {
  return expected_seconds(queued() + running());
}

double SlowLane::expected_seconds(std::size_t ahead) const {
  const auto threads = static_cast<double>(threads_.size());
  // Half of what runs is done already, on average; rounding up by one stands for our own turn.
  return mean_seconds() * (static_cast<double>(ahead) / threads + 1);
}

bool SlowLane::stale(SteadyTime now) const {
  const auto newest =
      std::max(noted_.load(std::memory_order_relaxed), tried_.load(std::memory_order_relaxed));
  return now - SteadyTime(SteadyTime::duration(newest)) > kStale;
}

void SlowLane::note_cost(double seconds) {
  const double mean = mean_seconds();
  const SteadyTime now = clock_.steady();
  const SteadyTime before{SteadyTime::duration(noted_.load(std::memory_order_relaxed))};
  // What was slow a while ago and is not now is forgiven at once.
  const bool forgiven = seconds < mean && now - before > kStale;
  // Two threads may lose one sample to each other, which an average does not mind.
  mean_seconds_.store(forgiven ? seconds : mean + kAverageWeight * (seconds - mean),
                      std::memory_order_relaxed);
  noted_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
}

void SlowLane::run() {
  run_in_background();
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return closed_ || !queue_.empty(); });
    if (queue_.empty()) return;
    Item item = std::move(queue_.front());
    queue_.pop_front();
    running_.fetch_add(1, std::memory_order_relaxed);
    lock.unlock();
    const SteadyTime start = clock_.steady();
    if (waited_) waited_(start - item.queued);
    const bool late = item.deadline.passed(start);
    {
      const telemetry::TraceScope scope(std::move(item.place));
      telemetry::record_span("queue", item.queued, start);
      item.work(late);
    }
    if (!late) note_cost(seconds_of(clock_.steady() - start));
    item.work = nullptr;  // its captures end before anyone is told that it is done
    lock.lock();
    running_.fetch_sub(1, std::memory_order_relaxed);
    if (queue_.empty() && running() == 0) idle_.notify_all();
  }
}

void SlowLane::drain(Deadline deadline) {
  std::deque<Item> left;
  {
    std::unique_lock lock(mutex_);
    closed_ = true;
    idle_.wait_until(lock, std::min(deadline.at, clock_.steady() + std::chrono::hours(1)),
                     [this] { return queue_.empty() && running() == 0; });
    left.swap(queue_);
  }
  wake_.notify_all();
  for (Item& item : left) item.work(true);
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

}  // namespace ara::serve
