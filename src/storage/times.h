#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "domain/series.h"

/// Times as the databases hold them: those of bars in seconds since the epoch, all others in
/// microseconds.
namespace ara::storage {

constexpr std::int64_t seconds(domain::Time time) {
  return time.time_since_epoch().count();
}
constexpr domain::Time bar_time(std::int64_t count) {
  return domain::Time{std::chrono::seconds{count}};
}

inline std::int64_t microseconds(WallTime time) {
  return time.time_since_epoch().count();
}
inline std::optional<std::int64_t> microseconds(const std::optional<WallTime>& time) {
  if (!time) return std::nullopt;
  return microseconds(*time);
}
inline WallTime wall_time(std::int64_t count) {
  return WallTime{std::chrono::microseconds{count}};
}

/// Times that may be missing, where a table says that they are stored as 0.
inline std::int64_t or_zero(const std::optional<WallTime>& time) {
  return time ? microseconds(*time) : 0;
}
inline std::optional<WallTime> or_nothing(std::int64_t count) {
  if (count == 0) return std::nullopt;
  return wall_time(count);
}

}  // namespace ara::storage
