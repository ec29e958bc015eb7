#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "telemetry/metrics.h"
#include "telemetry/otlp.h"

namespace ara::telemetry {

/// Sends traces to a collector, OTLP over HTTP with protobuf, from a thread of its own. Whoever
/// offers one never waits for the network: what does not fit the queue is dropped and counted
/// (ara_trace_spans_total), and so is what the collector refuses or was not reached for.
class SpanExporter {
 public:
  struct Options {
    std::string url;  ///< whole, e.g. "http://collector:4318/v1/traces"
    Resource resource;
    std::string version;
    std::size_t most_queued = 8192;         ///< spans
    std::size_t batch = 512;                ///< spans in a request, but for one trace that has more
    std::chrono::milliseconds delay{1000};  ///< from the first span of a batch to its request
    std::chrono::milliseconds timeout{10'000};    ///< of a request
    std::chrono::milliseconds first_retry{1000};  ///< doubled each time
    int tries = 5;
  };

  SpanExporter(Options options, std::shared_ptr<Metrics> metrics);
  ~SpanExporter();
  SpanExporter(const SpanExporter&) = delete;
  SpanExporter& operator=(const SpanExporter&) = delete;

  void offer(FinishedTrace trace);
  /// Sends what is queued, at most until `deadline`, and ends. What is offered later is dropped.
  void stop(Deadline deadline);

 private:
  class Link;

  void run();
  bool take(std::vector<FinishedTrace>& batch);
  bool deliver(const std::string& body);
  bool over() const;  ///< the time that stop() gave has passed
  void tell(bool reached, std::string_view why);

  const Options options_;
  const std::shared_ptr<Metrics> metrics_;
  const Metrics::Counter exported_;
  const Metrics::Counter dropped_;
  std::unique_ptr<Link> link_;
  std::mutex mutex_;  ///< guards what follows; never held over anything slow
  std::condition_variable wake_;
  std::deque<FinishedTrace> queue_;
  std::size_t queued_ = 0;  ///< spans
  bool stopping_ = false;
  std::atomic<SteadyTime::rep> end_ = SteadyTime::max().time_since_epoch().count();
  bool ailing_ = false;  ///< of the thread alone: the log has been told
  std::thread thread_;
};

}  // namespace ara::telemetry
