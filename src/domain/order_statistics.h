#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace ara::domain {

/// Order statistics of many values without a full sort: the values are dealt into half as many
/// equal intervals as there are values, and only an interval that is asked for is sorted. Linear
/// for values without extreme clusters, never worse than sorting them all.
class OrderStatistics {
 public:
  /// At least one value, all finite, fewer than 2^32.
  explicit OrderStatistics(std::span<const double> sample);

  /// The value with `rank` others before it; rank < size.
  double at(std::size_t rank);

  /// All values, ascending; nothing is left behind.
  std::vector<double> take_all() &&;

 private:
  void sort_slot(std::size_t slot);

  std::vector<double> values_;        ///< grouped by interval
  std::vector<std::uint32_t> start_;  ///< of each interval in values_
  std::vector<char> sorted_;
};

}  // namespace ara::domain
