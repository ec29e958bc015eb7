#include "domain/order_statistics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace ara::domain {
namespace {

struct Range {
  double low, high;
};

/// In four partial minima and maxima, so that they need not wait for each other.
Range range_of(std::span<const double> sample) {
  constexpr std::size_t kLanes = 4;
  std::array<double, kLanes> low, high;
  low.fill(sample.front());
  high.fill(sample.front());
  const std::size_t whole = sample.size() / kLanes * kLanes;
  for (std::size_t i = 0; i < whole; i += kLanes) {
    for (std::size_t k = 0; k < kLanes; ++k) {
      low[k] = std::min(low[k], sample[i + k]);
      high[k] = std::max(high[k], sample[i + k]);
    }
  }
  for (double value : sample.subspan(whole)) {
    low[0] = std::min(low[0], value);
    high[0] = std::max(high[0], value);
  }
  return {std::ranges::min(low), std::ranges::max(high)};
}

}  // namespace

OrderStatistics::OrderStatistics(std::span<const double> sample)
    : values_(sample.size()), start_(sample.size() / 2 + 2), sorted_(sample.size() / 2 + 1) {
  const auto [low, high] = range_of(sample);
  double per_unit = static_cast<double>(sorted_.size()) * (1 - 1e-9) / (high - low);
  if (!std::isfinite(per_unit)) per_unit = 0;  // all equal, or nearly: one interval
  std::vector<std::uint32_t> slot(sample.size());
  for (std::size_t i = 0; i < sample.size(); ++i) {
    slot[i] = static_cast<std::uint32_t>(static_cast<std::int64_t>((sample[i] - low) * per_unit));
    ++start_[slot[i] + 1];
  }
  std::partial_sum(start_.begin(), start_.end(), start_.begin());
  std::vector<std::uint32_t> place(start_.begin(), start_.end() - 1);
  for (std::size_t i = 0; i < sample.size(); ++i) values_[place[slot[i]]++] = sample[i];
}

void OrderStatistics::sort_slot(std::size_t slot) {
  if (sorted_[slot]) return;
  std::sort(values_.begin() + start_[slot], values_.begin() + start_[slot + 1]);
  sorted_[slot] = true;
}

double OrderStatistics::at(std::size_t rank) {
  const auto after = std::ranges::upper_bound(start_, rank);
  sort_slot(static_cast<std::size_t>(after - start_.begin()) - 1);
  return values_[rank];
}

std::vector<double> OrderStatistics::take_all() && {
  for (std::size_t slot = 0; slot < sorted_.size(); ++slot) sort_slot(slot);
  return std::move(values_);
}

}  // namespace ara::domain
