#pragma once

#include <span>
#include <vector>

#include "domain/series.h"

namespace ara::models {

/// How volatile the whole market was in one session.
struct MarketPoint {
  domain::Time time{};
  double value = 0;  ///< see market_factor; 0: as volatile as usual
};

/// The market-wide volatility factor, one point for each time at which any series has a bar, oldest
/// first: twice the logarithm of the mean, over the series with a bar at that time, of the
/// session's range-based volatility (range_variance) relative to that series' own slow average, so
/// that it reads as a log variance ratio. A common factor drives most of the variation of equities'
/// volatilities (Bollerslev, Hood, Huss and Pedersen 2018, Risk Everywhere; Herskovic, Kelly,
/// Lustig and Van Nieuwerburgh 2016). A series counts from its 64th bar on; a point uses bars of
/// its own session and of earlier ones only, so appending bars changes no earlier point. Each
/// series is oldest first; a bar without a usable close is passed over.
std::vector<MarketPoint> market_factor(std::span<const std::span<const domain::Bar>> universe);

/// The newest point at or before the time of each bar (both oldest first); NaN before the first.
std::vector<double> market_at(std::span<const MarketPoint> factor,
                              std::span<const domain::Bar> bars);

}  // namespace ara::models
