#include "telemetry/log.h"

#include <signal.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/text.h"
#include "telemetry/trace.h"

namespace ara::telemetry {
namespace {

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warning:
      return "warning";
    case LogLevel::error:
      return "error";
    case LogLevel::off:
      return "off";
  }
  return "unknown";
}

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
    case LogLevel::off:
      return spdlog::level::off;
  }
  return spdlog::level::off;
}

/// Never destroyed, so that a thread may log while the process ends.
spdlog::logger& logger() {
  static spdlog::logger* const made = [] {
    auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    auto* const fresh = new spdlog::logger("ara", std::move(sink));
    fresh->set_pattern("%v");
    fresh->set_level(spdlog::level::trace);               // wanted() decides
    fresh->set_error_handler([](const std::string&) {});  // with stderr gone, whom to tell?
    return fresh;
  }();
  return *made;
}

/// Above all others, as a signal handler can reach nothing else.
constinit std::atomic<int> least = static_cast<int>(LogLevel::info);
static_assert(std::atomic<int>::is_always_lock_free);

/// What a handler does must be safe in a signal: one atomic is.
void step_level(int number) {
  const int level = least.load() + (number == SIGUSR1 ? -1 : 1);
  least = std::clamp(level, static_cast<int>(LogLevel::debug), static_cast<int>(LogLevel::off));
}

/// As a JSON string (RFC 8259, section 7); each byte that is not UTF-8 becomes U+FFFD.
void append_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const auto lead = static_cast<unsigned char>(text[0]);
    const std::size_t length = utf8_length(text);
    if (length == 0) {
      out += "\xEF\xBF\xBD";
    } else if (lead == '"' || lead == '\\') {
      out += '\\';
      out += text[0];
    } else if (lead < 0x20 || lead == 0x7F) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", lead);
      out += escaped;
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out += '"';
}

void append_field(std::string& out, const LogField& field) {
  out += out.empty() ? "{" : ",";
  append_string(out, field.name);
  out += ':';
  if (field.json) {
    out += field.text;
  } else {
    append_string(out, field.text);
  }
}

/// Whom the line is about, unless it says so itself.
void append_request(std::string& out, const std::vector<LogField>& fields) {
  const Trace* trace = current_trace();
  if (trace == nullptr || std::ranges::contains(fields, "request_id", &LogField::name)) return;
  if (!trace->request_id().empty()) append_field(out, {"request_id", trace->request_id()});
  if (const TraceId id = trace->context().trace) append_field(out, {"trace_id", to_hex(id)});
}

}  // namespace

void log(LogLevel level, std::string_view message, const std::vector<LogField>& fields) {
  try {
    if (!log_wanted(level)) return;
    std::string line;
    append_field(line, {"time", to_rfc3339(system_clock().now())});
    append_field(line, {"level", name_of(level)});
    append_field(line, {"message", message});
    append_request(line, fields);
    for (const LogField& field : fields) append_field(line, field);
    line += '}';
    logger().log(spdlog_level(level), spdlog::string_view_t(line));
  } catch (...) {
    // Out of memory, or standard error is broken: a line lost must not cost the work it tells of.
  }
}

void set_log_level(LogLevel level) {
  least = static_cast<int>(level);
}

LogLevel log_level() {
  return static_cast<LogLevel>(least.load(std::memory_order_relaxed));
}

bool log_wanted(LogLevel level) {
  return level != LogLevel::off && level >= log_level();
}

void follow_log_signals() {
  struct sigaction action{};
  action.sa_handler = step_level;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGUSR1, &action, nullptr);
  sigaction(SIGUSR2, &action, nullptr);
}

}  // namespace ara::telemetry
