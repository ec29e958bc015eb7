#pragma once

#include <span>
#include <vector>

#include "domain/series.h"

namespace ara::models {

/// What the whole market did in one session; NaN where that is not known.
struct MarketFactors {
  double volatility = domain::Bar::kMissing;  ///< a log variance ratio; 0: as volatile as usual
  double change = domain::Bar::kMissing;      ///< in usual standard deviations of a series
};

struct MarketPoint {
  domain::Time time{};
  MarketFactors factors;
};

/// The market-wide factors, one point for each time at which any series has a bar, oldest
/// first. Volatility: twice the logarithm of the mean, over the series with a bar at that time, of
/// the session's range-based volatility (range_variance) relative to that series' own slow average,
/// so that it reads as a log variance ratio. Change: the mean of the changes, relative to the same
/// averages. A common factor drives most of the variation of equities'
/// volatilities (Bollerslev, Hood, Huss and Pedersen 2018, Risk Everywhere; Herskovic, Kelly,
/// Lustig and Van Nieuwerburgh 2016). A series counts from its 64th bar on; a point uses bars of
/// its own session and of earlier ones only, so appending bars changes no earlier point. Each
/// series is oldest first; a bar without a usable close is passed over.
std::vector<MarketPoint> market_factor(std::span<const std::span<const domain::Bar>> universe);

/// The newest point at or before the time of each bar (both oldest first); NaN before the
/// first.
std::vector<MarketFactors> market_at(std::span<const MarketPoint> factor,
                                     std::span<const domain::Bar> bars);

}  // namespace ara::models
