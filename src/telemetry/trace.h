#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "telemetry/trace_context.h"

namespace ara::telemetry {

/// As OTLP numbers them.
enum class SpanKind : std::uint8_t { internal = 1, server = 2, client = 3 };

/// `key` is a literal.
using Attribute = std::pair<std::string_view, std::variant<std::string, std::int64_t>>;

/// Something that took time, with what it was part of.
struct SpanRecord {
  static constexpr int kRoot = -1;

  std::string name;  ///< of few kinds: what varies is an attribute
  SpanKind kind = SpanKind::internal;
  int parent = kRoot;  ///< index among the spans of its trace, or kRoot: the request itself
  SteadyTime begun{};
  SteadyTime ended = SteadyTime::max();  ///< max: not yet
  std::string error;                     ///< empty where none
  std::vector<Attribute> attributes;
};

/// What of a trace has been recorded.
struct Recorded {
  std::vector<SpanRecord> spans;  ///< parents before their children
  std::size_t left_out = 0;       ///< beyond Trace::kMostSpans
};

/// What a request, or another piece of work, spends its time on. Made when it leaves the fast lane,
/// whether it is sampled or not, since only its end tells whether it was slow. Any thread may
/// record at any time; after close() nothing is recorded any more, so that work which outlives its
/// answer finds a place to write to all the same.
class Trace {
 public:
  static constexpr std::size_t kMostSpans = 256;

  /// A context without ids where nothing is exported: the spans then only serve the log.
  Trace(const TraceContext& context, std::string_view request_id);

  const TraceContext& context() const { return context_; }
  const std::string& request_id() const { return request_id_; }

  /// The index of the new span, or nothing where there is no room, or it is closed.
  std::optional<int> begin(SpanRecord span);
  void end(int span, SteadyTime now);
  /// To a span, or to the work itself (kRoot).
  void note(int span, Attribute attribute);
  void fail(int span, std::string_view error);

  /// All there is, what has not ended ending now. Only the first call gets it.
  std::optional<Recorded> close(SteadyTime now);
  /// What was noted of the work itself; to be asked after close().
  const std::vector<Attribute>& notes() const { return notes_; }

 private:
  const TraceContext context_;
  const std::string request_id_;
  std::mutex mutex_;  ///< guards what follows; never held over anything slow
  Recorded recorded_;
  std::vector<Attribute> notes_;
  bool closed_ = false;
};

/// Where spans that begin now hang.
struct TracePlace {
  std::shared_ptr<Trace> trace;  ///< null: nothing is recorded
  int span = SpanRecord::kRoot;
};

/// The deadline of a request travels down as an argument; the place in its trace does not, since
/// nothing may depend on it. It belongs to the thread that works for the request: whoever hands
/// work to another thread (serve::SlowLane) takes trace_place() along, and that thread has a
/// TraceScope while it works.
TracePlace trace_place();

class TraceScope {
 public:
  explicit TraceScope(TracePlace place);
  ~TraceScope();
  TraceScope(const TraceScope&) = delete;
  TraceScope& operator=(const TraceScope&) = delete;

 private:
  TracePlace place_;
  TracePlace* before_;
};

/// A span of this thread's trace from here to the end of the block; others that begin meanwhile in
/// this thread are parts of it. Without a trace it does nothing, for a nanosecond.
class Span {
 public:
  /// Named "GROUP NAME", or by the group alone.
  explicit Span(std::string_view group, std::string_view name = {},
                SpanKind kind = SpanKind::internal);
  ~Span();
  Span(const Span&) = delete;
  Span& operator=(const Span&) = delete;

  bool recording() const { return trace_ != nullptr; }
  void note(std::string_view key, std::string_view text);
  void note(std::string_view key, std::int64_t number);
  void fail(std::string_view error);

 private:
  Trace* trace_ = nullptr;
  int span_ = SpanRecord::kRoot;
  int before_ = SpanRecord::kRoot;
};

/// To the innermost span of this thread, if there is one, by who does not know which that is.
void note_span(std::string_view key, std::string_view text);
/// A span that is over already, such as a wait.
void record_span(std::string_view name, SteadyTime begun, SteadyTime ended);
/// A span that lasts until the trace is closed: this waits for another one's work.
void record_wait(std::string_view name);

/// The trace that this thread works for; null for none. Valid as long as its TraceScope.
const Trace* current_trace();

}  // namespace ara::telemetry
