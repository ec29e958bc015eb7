#include "http/problem.h"

#include <algorithm>
#include <array>

#include "http/json.h"
#include "telemetry/log.h"

namespace ara::http {
namespace {

constexpr std::string_view kMediaType = "application/problem+json";
constexpr std::size_t kInstanceLimit = 256;

/// The path as a URI reference: what may not stand in one is percent-encoded, and a long one cut.
std::string instance_of(std::string_view path) {
  static constexpr std::string_view kAllowed = "-._~!$&'()*+,;=:@/%";
  std::string out;
  for (char c : path.substr(0, kInstanceLimit)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (plain || kAllowed.find(c) != std::string_view::npos) {
      out += c;
    } else {
      std::array<char, 16> digits;
      write_hex(static_cast<unsigned char>(c), digits.data());
      out.append({'%', digits[14], digits[15]});
    }
  }
  return out;
}

}  // namespace

ProblemKind kind_of(Code code) {
  const CodeRow& row = describe(code);
  return {row.http_status, row.name, row.title};
}

std::string encode_problem(const ProblemKind& kind, const Error& error, std::string_view instance,
                           std::string_view request_id, std::string_view timestamp,
                           std::string_view details) {
  JsonDocument document;
  JsonObject top = document.top();
  top.text("type", "urn:ara:problem:" + std::string(kind.name))
      .text("title", kind.title)
      .integer("status", kind.status)
      .text("detail", error.message)
      .text("instance", instance_of(instance))
      .text("error", kind.name)
      .text("message", error.message)
      .text("request_id", request_id)
      .text("timestamp", timestamp);
  if (!error.field.empty()) top.text("field", error.field);
  if (!error.value.empty()) top.text("value", error.value);
  if (!error.allowed.empty()) top.text("allowed", error.allowed);
  if (!details.empty()) top.raw("details", details);
  return document.write();
}

Reply problem_reply(const Exchange& exchange, const ProblemKind& kind, const Error& error,
                    WallTime now, std::string_view details) {
  return {.status = kind.status,
          .content_type = kMediaType,
          .headers = {},
          .body = encode_problem(kind, error, exchange.path, exchange.id.text(), to_rfc3339(now),
                                 details),
          .shared = {}};
}

Reply problem(const App& app, const Exchange& exchange, const ProblemKind& kind, const Error& error,
              std::string_view details) {
  app.error_meters.problem(kind.name);
  const bool ours = kind.status == 500;
  if (ours) {
    const std::string trace = to_hex(exchange.trace.own.trace);
    std::vector<telemetry::LogField> fields{
        {"request_id", exchange.id.text()}, {"error", kind.name}, {"message", error.message}};
    if (exchange.trace.own.trace) fields.push_back({"trace_id", trace});
    telemetry::log(telemetry::LogLevel::error, "A request failed", fields);
  }
  const Error& shown =
      ours ? Error{error.code, "The service failed to answer; its log has more", {}, {}, {}}
           : error;
  Reply reply = problem_reply(exchange, kind, shown, app.clock.now(), details);
  if (kind.status == 503) {
    reply.headers =
        "retry-after: " + std::to_string(std::max(1, app.service->retry_after_seconds())) + "\r\n";
  }
  return reply;
}

Reply problem(const App& app, const Exchange& exchange, const Error& error,
              std::string_view details) {
  return problem(app, exchange, kind_of(error.code), error, details);
}

}  // namespace ara::http
