#include "models/market.h"

#include <algorithm>
#include <cmath>

#include "models/model.h"
#include "models/range_variance.h"

namespace ara::models {
namespace {

constexpr double kWarmUp = 64;         ///< bars before a series counts
constexpr double kMemory = 1000;       ///< bars of the slow average: about four years
constexpr double kMostTimes = 30;      ///< times its usual volatility: more is an error in the data
constexpr double kLeastOfMean = 1e-3;  ///< of the mean, where a whole market stands still

struct Relative {
  domain::Time time;
  double volatility;
  double change;
};

/// Appends each session's volatility and change relative to the series' own average volatility of
/// the sessions before.
void append_relative(std::span<const domain::Bar> bars, std::vector<Relative>& all) {
  const domain::Scale scale = scale_of(bars);
  double slow = 0, seen = 0, last = domain::Bar::kMissing;
  for (const domain::Bar& bar : bars) {
    const double value = value_of(bar, scale);
    if (!std::isfinite(value)) continue;
    if (std::isfinite(last)) {
      const double now = std::sqrt(range_variance(bar, value - last, scale));
      if (seen >= kWarmUp && slow > 0) {
        all.push_back({bar.time, std::min(kMostTimes, now / slow),
                       std::clamp((value - last) / slow, -kMostTimes, kMostTimes)});
      }
      const double taken = seen >= kWarmUp && slow > 0 ? std::min(kMostTimes * slow, now) : now;
      seen += 1;
      slow += (taken - slow) / std::min(seen, kMemory);
    }
    last = value;
  }
}

}  // namespace

std::vector<MarketPoint> market_factor(std::span<const std::span<const domain::Bar>> universe) {
  std::vector<Relative> all;
  for (const auto bars : universe) append_relative(bars, all);
  // Within one time the order is that of the universe, so that sums round the same way.
  std::ranges::stable_sort(all, {}, &Relative::time);
  std::vector<MarketPoint> factor;
  for (std::size_t i = 0; i < all.size();) {
    double volatility = 0, change = 0, count = 0;
    const domain::Time time = all[i].time;
    for (; i < all.size() && all[i].time == time; ++i) {
      volatility += all[i].volatility;
      change += all[i].change;
      count += 1;
    }
    factor.push_back({time,
                      {.volatility = 2 * std::log(std::max(kLeastOfMean, volatility / count)),
                       .change = change / count}});
  }
  return factor;
}

std::vector<MarketFactors> market_at(std::span<const MarketPoint> factor,
                                     std::span<const domain::Bar> bars) {
  std::vector<MarketFactors> values;
  values.reserve(bars.size());
  std::size_t next = 0;
  for (const domain::Bar& bar : bars) {
    while (next < factor.size() && factor[next].time <= bar.time) ++next;
    values.push_back(next > 0 ? factor[next - 1].factors : MarketFactors{});
  }
  return values;
}

}  // namespace ara::models
