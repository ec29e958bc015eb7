#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "base/hash.h"

namespace ara {

/// xoshiro256++ (Blackman and Vigna, 2021, "Scrambled linear pseudorandom number generators",
/// section 4), seeded by splitmix64. The same seed gives the same numbers on every machine, which
/// the distributions of <random> do not promise.
class Rng {
 public:
  explicit constexpr Rng(std::uint64_t seed) {
    for (auto& word : state_) word = mix64(seed += 0x9E3779B97F4A7C15ULL);
  }

  constexpr std::uint64_t next() {
    const std::uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
    const std::uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  /// In [0, 1), 53 bits.
  constexpr double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

  /// In [0, bound), bound > 0; multiply-shift, bias below bound / 2^32 (bound < 2^32).
  constexpr std::uint32_t below(std::uint32_t bound) {
    return static_cast<std::uint32_t>(((next() >> 32) * bound) >> 32);
  }

 private:
  std::array<std::uint64_t, 4> state_{};
};

}  // namespace ara
