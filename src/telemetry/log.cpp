#include "telemetry/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/text.h"

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
    fresh->set_level(spdlog::level::info);
    fresh->set_error_handler([](const std::string&) {});  // with stderr gone, whom to tell?
    return fresh;
  }();
  return *made;
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

void append_field(std::string& out, std::string_view name, std::string_view text) {
  out += out.empty() ? "{" : ",";
  append_string(out, name);
  out += ':';
  append_string(out, text);
}

}  // namespace

void log(LogLevel level, std::string_view message, const std::vector<LogField>& fields) {
  try {
    spdlog::logger& to = logger();
    if (level == LogLevel::off || !to.should_log(spdlog_level(level))) return;
    std::string line;
    append_field(line, "time", to_rfc3339(system_clock().now()));
    append_field(line, "level", name_of(level));
    append_field(line, "message", message);
    for (const auto& [name, text] : fields) append_field(line, name, text);
    line += '}';
    to.log(spdlog_level(level), spdlog::string_view_t(line));
  } catch (...) {
    // Out of memory, or standard error is broken: a line lost must not cost the work it tells of.
  }
}

void set_log_level(LogLevel level) {
  logger().set_level(spdlog_level(level));
}

}  // namespace ara::telemetry
