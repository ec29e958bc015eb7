#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

namespace ara::load {

/// A histogram of high dynamic range (Tene, hdrhistogram.org): each power of two is cut into 1,024
/// parts, so whatever was recorded is known to 0.1 %, from 1 to 2^64 - 1. Counts never get lost,
/// and histograms add up, which percentiles do not.
class Histogram {
 public:
  void record(std::uint64_t value) {
    const std::size_t at = index(value);
    if (at >= counts_.size()) counts_.resize(at + 1);
    ++counts_[at];
    ++count_;
    sum_ += static_cast<double>(value);
    max_ = std::max(max_, value);
  }

  void add(const Histogram& other) {
    if (other.counts_.size() > counts_.size()) counts_.resize(other.counts_.size());
    for (std::size_t i = 0; i < other.counts_.size(); ++i) counts_[i] += other.counts_[i];
    count_ += other.count_;
    sum_ += other.sum_;
    max_ = std::max(max_, other.max_);
  }

  /// The least value that at least `percent` of all are not above; 0 where there are none.
  std::uint64_t percentile(double percent) const {
    const auto wanted = static_cast<std::uint64_t>(
        std::ceil(std::clamp(percent, 0.0, 100.0) / 100 * static_cast<double>(count_)));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen > 0 && seen >= wanted) return std::min(highest(i), max_);
    }
    return max_;
  }

  std::uint64_t count() const { return count_; }
  std::uint64_t max() const { return max_; }
  double mean() const { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }

 private:
  static constexpr int kBits = 10;
  static constexpr std::size_t kParts = std::size_t{1} << kBits;

  static std::size_t index(std::uint64_t value) {
    const int shift = std::max(0, static_cast<int>(std::bit_width(value)) - kBits - 1);
    return static_cast<std::size_t>(shift) * kParts + static_cast<std::size_t>(value >> shift);
  }

  /// The largest value that is counted there.
  static std::uint64_t highest(std::size_t index) {
    if (index < 2 * kParts) return index;
    const std::size_t shift = index / kParts - 1;
    return ((static_cast<std::uint64_t>(index - shift * kParts) + 1) << shift) - 1;
  }

  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
  double sum_ = 0;
};

}  // namespace ara::load
