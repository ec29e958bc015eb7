#pragma once

#include <string_view>
#include <vector>

namespace ara::telemetry {

enum class LogLevel { debug, info, warning, error, off };

/// One field of a log line; `text` is written as a JSON string or, where it is `json` already, as
/// it is.
struct LogField {
  std::string_view name;
  std::string_view text;
  bool json = false;
};

/// Lines of JSON on standard error: {"time":…,"level":…,"message":…, fields…}. Thread-safe.
/// Where the calling thread works for a request (TraceScope), its request_id and trace_id are
/// added. Nothing secret is ever passed here.
void log(LogLevel level, std::string_view message, const std::vector<LogField>& fields = {});

void set_log_level(LogLevel level);
LogLevel log_level();
/// Whether a line of that level would be written: for who would have to put it together first.
bool log_wanted(LogLevel level);

/// From now on SIGUSR1 makes the log one level more talkative, down to debug, and SIGUSR2 one level
/// less, up to off. (A container may have neither a file that could be read again nor an
/// administrator's account; a signal reaches servers and workers alike.)
void follow_log_signals();

}  // namespace ara::telemetry
