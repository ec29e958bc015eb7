#pragma once

#include <string>

#include "base/format.h"

/// Numbers as people read them.
namespace ara::doctor {

inline std::string percent(double share) {
  return ara::format("{:.{}f} %", 100 * share, 100 * share < 10 ? 1 : 0);
}

/// "250 µs", "12 ms", "2.4 s".
inline std::string duration(double seconds) {
  if (seconds < 1e-3) return ara::format("{:.0f} µs", 1e6 * seconds);
  if (seconds < 1) return ara::format("{:.{}f} ms", 1e3 * seconds, seconds < 0.01 ? 1 : 0);
  return ara::format("{:.{}f} s", seconds, seconds < 10 ? 1 : 0);
}

/// "12 kB", "3.4 MB"; a MB has 2^20 bytes, as in CACHE_SIZE_MB.
inline std::string size(double bytes) {
  constexpr double kKilo = 1024;
  if (bytes < kKilo * kKilo) return ara::format("{:.0f} kB", bytes / kKilo);
  const double mega = bytes / kKilo / kKilo;
  return ara::format("{:.{}f} MB", mega, mega < 100 ? 1 : 0);
}

}  // namespace ara::doctor
