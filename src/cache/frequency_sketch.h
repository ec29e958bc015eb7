#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

namespace ara::cache {

/// Approximate counts of how often keys were seen lately: a count-min sketch (Cormode and
/// Muthukrishnan 2005) of 4-bit counters with conservative update, aged by halving (Einziger,
/// Friedman and Manes 2017, section 3.2). A key's four counters lie in one cache line.
/// Not thread-safe.
class FrequencySketch {
 public:
  static constexpr std::uint32_t kMax = 15;  ///< where a counter stops

  /// `bytes` are rounded down to whole cache lines, at least one; two counters a byte.
  explicit FrequencySketch(std::size_t bytes);

  /// Notes one sighting of the key with this hash (well mixed, all 64 bits).
  void add(std::uint64_t hash);
  /// Sightings since about the last period, 0 to kMax; never too low but for aging.
  std::uint32_t estimate(std::uint64_t hash) const;

  /// Halves every counter once `period` sightings have been added since it last did (the first
  /// time: since the start).
  void age_after(std::uint64_t period);

  std::size_t bytes() const { return blocks_ * kBlockBytes; }

 private:
  static constexpr std::size_t kBlockBytes = 64;
  static constexpr std::size_t kWords = kBlockBytes / sizeof(std::uint64_t);
  static constexpr int kRows = 4;

  /// A counter: the word it lies in and how far to shift.
  struct Place {
    std::size_t word;
    unsigned shift;
  };
  std::size_t block_of(std::uint64_t hash) const;
  static Place place(std::uint64_t hash, int row);

  struct Free {
    void operator()(std::uint64_t* words) const { std::free(words); }
  };

  std::size_t blocks_;
  std::unique_ptr<std::uint64_t[], Free> words_;  // of aligned_alloc, so that a block is one line
  std::uint64_t added_ = 0;
};

}  // namespace ara::cache
