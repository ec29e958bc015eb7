#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ara::telemetry {

/// 16 bytes that all spans of a trace share; all zero for none.
struct TraceId {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  explicit operator bool() const { return (high | low) != 0; }
  friend bool operator==(const TraceId&, const TraceId&) = default;
};

/// A place in a trace, as it travels between programs (W3C Trace Context).
struct TraceContext {
  TraceId trace;
  std::uint64_t span = 0;  ///< 0 for none
  bool sampled = false;    ///< who called records this trace

  friend bool operator==(const TraceContext&, const TraceContext&) = default;
};

/// The header `traceparent` (W3C Trace Context, section 3.2), read strictly: lower-case hexadecimal
/// digits, ids that are not zero, nothing behind version 00. Of later versions, which may be
/// longer, what 00 knows. Nothing where it is none; the trace then begins here.
std::optional<TraceContext> parse_traceparent(std::string_view text);

/// As version 00 writes it: 55 characters.
std::string to_traceparent(const TraceContext& context);

/// 32 and 16 hexadecimal digits.
std::string to_hex(const TraceId& id);
std::string to_hex(std::uint64_t span);

/// Whether `text` is a `tracestate` (section 3.3) that is passed on as it came: at most 512
/// characters, 32 members, no key twice. What is none is left out, and costs nothing else.
bool is_tracestate(std::string_view text);

/// Ids of new traces and spans: random, never zero.
TraceId make_trace_id();
std::uint64_t make_span_id();
/// True for that share of the calls, 0 to 1.
bool draw(double share);

}  // namespace ara::telemetry
