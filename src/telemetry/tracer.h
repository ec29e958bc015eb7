#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"
#include "telemetry/span_exporter.h"
#include "telemetry/trace.h"

namespace ara::telemetry {

/// The head of a trace, known when its work begins.
struct TraceHead {
  TraceContext own;          ///< ids of the work itself; none where nothing is exported
  std::uint64_t parent = 0;  ///< span of who asked for it, in another program; 0: none
  std::string_view state;    ///< `tracestate` of the request, which must outlive this
};

/// How the work ended, for its span and the log. The views are of literals or outlive the call.
struct TraceEnd {
  SpanRecord work;
  /// Fields of the line that tells it was slow; without any there is none.
  std::vector<LogField> log = {};
};

/// Decides which traces are exported: by their head, as who asked has decided, else a share of
/// them; and by their tail, what was slow or failed. Tells the log what was slow, and where the
/// time went.
class Tracer {
 public:
  struct Options {
    double share = 0.01;                   ///< of traces that begin here
    std::chrono::milliseconds slow{1000};  ///< what takes longer is slow; 0: nothing is
    SpanExporter::Options exporter;        ///< without a URL nothing is exported
  };

  Tracer(Options options, std::shared_ptr<Metrics> metrics, const Clock& clock = system_clock());

  bool exporting() const { return exporter_ != nullptr; }

  /// The head of work that was asked for with these headers, which may be empty. Without an
  /// exporter it is empty, unless `always`: it then has the ids that were sent along, for the log.
  TraceHead head(std::string_view traceparent, std::string_view tracestate,
                 bool always = false) const;
  /// The record of work that leaves the fast lane.
  std::shared_ptr<Trace> open(const TraceHead& head, std::string_view request_id) const;

  /// Whether finish() would do anything: asked on the fast lane, a few nanoseconds.
  bool wants(const TraceHead& head, std::chrono::nanoseconds took, bool failed) const {
    return is_slow(took) || (exporting() && (head.own.sampled || failed));
  }
  /// The end of work that is wanted. `trace` is null for what never left the fast lane; one that
  /// was closed before is left alone.
  void finish(const TraceHead& head, Trace* trace, TraceEnd end);

  /// Exports what is queued, at most until `deadline`.
  void stop(Deadline deadline);

 private:
  bool is_slow(std::chrono::nanoseconds took) const {
    return options_.slow.count() > 0 && took > options_.slow;
  }
  void log_slow(const TraceHead& head, const TraceEnd& end, const Recorded& below);

  const Options options_;
  const Clock& clock_;
  std::unique_ptr<SpanExporter> exporter_;
  std::atomic<std::int64_t> log_second_ = 0;     ///< in which slow lines are counted
  std::atomic<std::uint32_t> logged_ = 0;        ///< in that second
  std::atomic<std::uint64_t> log_left_out_ = 0;  ///< slow, but not logged, since the last line
};

/// Where the time of a piece of work went, by the names of its spans: what each took without its
/// parts, in milliseconds, most first; last "rest", which no span covers. What ran side by side
/// adds up to more than the whole.
std::vector<std::pair<std::string, double>> stages_of(const SpanRecord& work,
                                                      const Recorded& below);

}  // namespace ara::telemetry
