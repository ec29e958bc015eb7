#pragma once

#include <cstdint>

namespace ara::cache {

/// Finds the share of the cache that the window should have, by hill climbing on the hit rate
/// (Einziger, Eytan, Friedman and Manes 2018, "Adaptive software cache management", section 3.2):
/// streams where recent keys come again at once want a large window, steady popularity a small one.
/// Not thread-safe.
class WindowClimber {
 public:
  /// Of all bytes, between kLeast and kMost.
  double share() const { return share_; }

  /// Looks at the hits and misses counted since the start, in a cache that is full and holds
  /// `entries`; true if share() has changed.
  bool observe(std::uint64_t hits, std::uint64_t misses, std::uint64_t entries);

 private:
  static constexpr double kLeast = 0.01;
  static constexpr double kMost = 0.80;

  double share_ = kLeast;
  double step_ = 0;  ///< signed; 0 before the first sample
  double last_rate_ = 0;
  double last_share_ = kLeast;
  std::uint64_t hits_ = 0;      ///< at the end of the last sample
  std::uint64_t requests_ = 0;  ///< likewise
};

}  // namespace ara::cache
