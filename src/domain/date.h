#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace ara::domain {

/// A civil day. For a daily bar it is the session's date in its own market.
using Date = std::chrono::sys_days;
/// Start of a bar, seconds since the epoch; a daily bar's is midnight (UTC) of its session's date.
using Time = std::chrono::sys_seconds;

inline Date date_of(Time time) {
  return std::chrono::floor<std::chrono::days>(time);
}

/// YYYY-MM-DD of an existing day, and nothing else.
std::optional<Date> parse_iso_date(std::string_view text);
std::string to_iso(Date date);

}  // namespace ara::domain
