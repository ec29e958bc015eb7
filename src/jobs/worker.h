#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "jobs/heartbeat.h"
#include "jobs/kinds.h"
#include "telemetry/metrics.h"
#include "telemetry/tracer.h"

namespace ara::jobs {

struct WorkerOptions {
  unsigned threads = 1;
  bool background = true;  ///< run only where no other thread of the process wants the core
  Pulse pulse;
  std::chrono::milliseconds poll{200};          ///< how often an idle thread asks for a job
  std::chrono::milliseconds count_every{5000};  ///< how often it is looked how many there are
  std::chrono::milliseconds first_retry{1000};
  int most_interruptions = 100;              ///< of one job, before it is given up
  std::chrono::seconds keep{7 * 24 * 3600};  ///< results, after the end
  std::span<const Kind> kinds = jobs::kinds();
  std::shared_ptr<telemetry::Tracer> tracer = nullptr;  ///< null: jobs are not traced
};

/// How long a job waits after its attempt number `attempt` (from 1) failed: exponential, at most
/// 300 times `first`, and for each job and attempt another part of half to all of that, so that
/// what failed together does not come back together (Brooker 2015, Exponential backoff and jitter).
std::chrono::milliseconds backoff(std::chrono::milliseconds first, std::string_view id,
                                  int attempt);

/// Whether trying again may mend it.
bool passing(Code code);

/// Threads that lease jobs, run them and write what came of them.
class Worker {
 public:
  /// Starts at once. Beside the threads for jobs there is one that counts them and prunes.
  Worker(std::shared_ptr<storage::Store> store, std::shared_ptr<const registry::Shelf> shelf,
         std::shared_ptr<telemetry::Metrics> metrics, WorkerOptions options = {},
         const Clock& clock = system_clock());
  ~Worker() { stop(Deadline{SteadyTime::min()}); }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Takes no new job; those that run have until `finish_by` to end, then they are told to stop and
  /// are given back to the queue, which counts as nothing. Blocks until all threads have ended.
  void stop(Deadline finish_by);

 private:
  struct Meters;
  /// How many jobs there are, as the scrape of metrics sees it.
  struct Counts {
    std::atomic<std::size_t> queued = 0;
    std::atomic<std::size_t> running = 0;
    std::atomic<WallTime> first_due = WallTime::max();  ///< of those queued
  };

  void run(unsigned number);
  Result<bool> work_one(const std::string& holder);
  void work(const storage::JobRow& job, const Kind& kind);
  /// Exports the trace of a job that has ended: every one, as jobs are few.
  void trace(const telemetry::TraceHead& head, telemetry::Trace& spans, const storage::JobRow& job,
             SteadyTime begun, std::string_view outcome, const std::string& why) const;
  /// What became of it, for the metrics.
  std::string_view settle(const storage::JobRow& job, Heartbeat& heartbeat, bool told,
                          Result<std::string> result, storage::JobEffects effects);
  std::string_view fail_attempt(const storage::JobRow& job, const Error& error, SteadyTime until);
  template <class Write>
  Result<void> insist(SteadyTime until, const Write& write);
  /// Counts and prunes until it is told to stop. No thread that runs jobs does it: while a job of
  /// an hour ran, the counts would be an hour old.
  void keep_house();
  void wait(std::chrono::milliseconds time);
  bool late() const { return clock_.steady() >= finish_by_.load(); }

  const std::shared_ptr<storage::Store> store_;
  const std::shared_ptr<const registry::Shelf> shelf_;
  const std::shared_ptr<telemetry::Metrics> metrics_;
  const WorkerOptions options_;
  const Clock& clock_;
  const std::shared_ptr<Meters> meters_;
  const std::shared_ptr<Counts> counts_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::atomic<bool> stopping_ = false;
  std::atomic<SteadyTime> finish_by_ = SteadyTime::max();
  std::vector<std::thread> threads_;
};

}  // namespace ara::jobs
