#pragma once

#include <chrono>
#include <string>

namespace ara {

using WallTime = std::chrono::sys_time<std::chrono::microseconds>;
using SteadyTime = std::chrono::steady_clock::time_point;

/// The only source of time above base; tests and the capacity simulator bring their own.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime now() const = 0;       ///< UTC, may jump
  virtual SteadyTime steady() const = 0;  ///< never goes back
};

/// The machine's clock; lives as long as the process.
const Clock& system_clock();

/// RFC 3339 in UTC with milliseconds, e.g. 2026-11-24T06:06:22.125Z.
std::string to_rfc3339(WallTime time);

/// A point in steady time by which an answer is due. Travels down by value.
struct Deadline {
  SteadyTime at = SteadyTime::max();

  static Deadline none() { return {}; }
  static Deadline after(std::chrono::nanoseconds span) {
    return {std::chrono::steady_clock::now() + std::chrono::ceil<SteadyTime::duration>(span)};
  }
  bool passed(SteadyTime now) const { return now >= at; }
  std::chrono::nanoseconds left(SteadyTime now) const {
    return at == SteadyTime::max() ? std::chrono::nanoseconds::max() : at - now;
  }
};

/// What travels down with every call into storage, cache and models.
struct Call {
  Deadline deadline;
  /// Only an answer that holds every write which has returned will do. It may have to be waited
  /// for, as while a new primary is chosen; else an error.
  bool newest = false;

  /// The same, but of the newest.
  Call of_newest() const { return {.deadline = deadline, .newest = true}; }
};

}  // namespace ara
