#include "cache/frequency_sketch.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>

namespace ara::cache {

FrequencySketch::FrequencySketch(std::size_t bytes)
    : blocks_(std::max<std::size_t>(bytes / kBlockBytes, 1)),
      words_(static_cast<std::uint64_t*>(std::aligned_alloc(kBlockBytes, blocks_ * kBlockBytes))) {
  if (words_ == nullptr) throw std::bad_alloc();
  std::memset(words_.get(), 0, blocks_ * kBlockBytes);
}

std::size_t FrequencySketch::block_of(std::uint64_t hash) const {
  return static_cast<std::size_t>(((hash & 0xFFFFFFFF) * blocks_) >> 32) * kWords;
}

// Row r owns words 2r and 2r + 1, 32 counters, of which 5 bits of the hash choose one. The bits
// are above those that choose the block.
FrequencySketch::Place FrequencySketch::place(std::uint64_t hash, int row) {
  const unsigned bits = static_cast<unsigned>(hash >> (36 + 5 * row)) & 31;
  return {static_cast<std::size_t>(2 * row) + (bits >> 4), (bits & 15) * 4};
}

void FrequencySketch::add(std::uint64_t hash) {
  std::uint64_t* const block = &words_[block_of(hash)];
  std::array<Place, kRows> places;
  std::uint64_t least = kMax;
  for (int row = 0; row < kRows; ++row) {
    places[row] = place(hash, row);
    least = std::min(least, (block[places[row].word] >> places[row].shift) & kMax);
  }
  ++added_;
  if (least == kMax) return;
  for (const auto [word, shift] : places) {
    if (((block[word] >> shift) & kMax) == least) block[word] += std::uint64_t{1} << shift;
  }
}

std::uint32_t FrequencySketch::estimate(std::uint64_t hash) const {
  const std::uint64_t* const block = &words_[block_of(hash)];
  std::uint64_t least = kMax;
  for (int row = 0; row < kRows; ++row) {
    const auto [word, shift] = place(hash, row);
    least = std::min(least, (block[word] >> shift) & kMax);
  }
  return static_cast<std::uint32_t>(least);
}

void FrequencySketch::age_after(std::uint64_t period) {
  if (added_ < period) return;
  constexpr std::uint64_t kLowThreeBits = 0x7777777777777777;
  const std::size_t words = blocks_ * kWords;
  for (std::size_t i = 0; i < words; ++i) words_[i] = (words_[i] >> 1) & kLowThreeBits;
  added_ = 0;
}

}  // namespace ara::cache
