#pragma once

#include <string_view>
#include <utility>
#include <vector>

namespace ara::telemetry {

enum class LogLevel { debug, info, warning, error, off };

/// One field of a log line; `text` is written as a JSON string.
using LogField = std::pair<std::string_view, std::string_view>;

/// Lines of JSON on standard error: {"time":…,"level":…,"message":…, fields…}. Thread-safe.
/// Nothing secret is ever passed here.
void log(LogLevel level, std::string_view message, const std::vector<LogField>& fields = {});

void set_log_level(LogLevel level);

}  // namespace ara::telemetry
