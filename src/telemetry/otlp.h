#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "telemetry/trace.h"

namespace ara::telemetry {

/// A trace that is over: the span of the work itself, and what was recorded below it.
struct FinishedTrace {
  TraceId id;
  std::uint64_t span = 0;    ///< of the work itself
  std::uint64_t parent = 0;  ///< span of who asked for it, in another program; 0: none
  bool sampled = false;      ///< by its head; else it is here for how it ended
  std::string state;         ///< `tracestate` as it came
  SpanRecord work;
  Recorded below;
  /// What turns steady time into UTC: two clocks read together.
  SteadyTime steady{};
  WallTime wall{};

  std::size_t spans() const { return 1 + below.spans.size(); }
};

/// The process, in attributes of OpenTelemetry's semantic conventions (service.name and so on).
using Resource = std::vector<std::pair<std::string, std::string>>;

/// An ExportTraceServiceRequest of OTLP 1 (opentelemetry/proto/collector/trace/v1) in protobuf's
/// wire format.
std::string encode_otlp(const Resource& resource, std::string_view version,
                        std::span<const FinishedTrace> traces);

}  // namespace ara::telemetry
