#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"

namespace ara::accounts {

/// Slows down guessing: of attempts under one name, at most so many within a minute. Bounded: when
/// kMost names are known, those that are over are forgotten, and if none is, all are.
class Attempts {
 public:
  static constexpr std::size_t kMost = 20'000;
  static constexpr std::chrono::seconds kWindow{60};

  /// Counts an attempt; where it is one too many it does not count, and the time is given after
  /// which the next one may be made. `name` is hashed and not kept.
  std::optional<std::chrono::seconds> refuse(std::string_view name, std::size_t most,
                                             SteadyTime now);

 private:
  void make_room(SteadyTime now);

  std::mutex mutex_;
  std::unordered_map<std::uint64_t, std::deque<SteadyTime>> times_;
};

}  // namespace ara::accounts
