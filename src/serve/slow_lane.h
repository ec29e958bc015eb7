#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "telemetry/trace.h"

namespace ara::serve {

/// A bounded pool of threads for work that blocks or computes.
///
/// Admission: work that by the moving average of what work costs here would take more than half of
/// the time it has is refused at once, so the queue never holds what nobody will wait for. Work
/// belongs to the trace of the thread that submitted it, and so does the wait for a worker. The
/// threads run in the background (background.h), so that a full slow lane leaves the fast one fast.
class SlowLane {
 public:
  /// `late` is true where the deadline passed while the work waited; it should answer so, cheaply.
  using Work = std::move_only_function<void(bool late)>;
  /// Told by a worker how long what it begins had to wait.
  using Waited = std::function<void(std::chrono::nanoseconds)>;

  SlowLane(unsigned workers, std::size_t capacity, const Clock& clock, Waited waited = {});
  ~SlowLane();
  SlowLane(const SlowLane&) = delete;
  SlowLane& operator=(const SlowLane&) = delete;

  /// Code::overloaded if refused; then `work` was not and will not be called.
  Result<void> submit(Deadline deadline, Work work);

  std::size_t queued() const;
  std::size_t workers() const { return threads_.size(); }
  std::size_t running() const { return running_.load(std::memory_order_relaxed); }
  /// Seconds that one piece of work takes, exponentially averaged (weight 1/16); after a while
  /// without work, those of the next piece where they are fewer.
  double mean_seconds() const { return mean_seconds_.load(std::memory_order_relaxed); }
  /// Seconds until work submitted now would be done.
  double expected_seconds() const;

  /// Refuses what is new and waits, at most until `deadline`, for what is queued and running; what
  /// is still queued then is called with `late`. The threads end.
  void drain(Deadline deadline);

 private:
  struct Item {
    Deadline deadline;
    SteadyTime queued;
    Work work;
    telemetry::TracePlace place;  ///< of who submitted it
  };

  void run();
  double expected_seconds(std::size_t ahead) const;
  void note_cost(double seconds);
  bool stale(SteadyTime now) const;  ///< the average: nothing was learnt for a while

  const Clock& clock_;
  const std::size_t capacity_;
  const Waited waited_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable idle_;
  std::deque<Item> queue_;
  bool closed_ = false;
  std::atomic<std::size_t> running_ = 0;
  std::atomic<double> mean_seconds_ = 0.002;  ///< a first guess; measured from then on
  std::atomic<SteadyTime::rep> noted_ = 0;    ///< when a cost was noted last
  std::atomic<SteadyTime::rep> tried_ = 0;    ///< when one was let in against the average
  std::vector<std::thread> threads_;
};

}  // namespace ara::serve
