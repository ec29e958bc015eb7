#pragma once

#include <cmath>

#include "domain/asset.h"
#include "models/anchors.h"

namespace ara::models {

/// What a session's mean change is, in its own standard deviations, as far as one knows who has
/// seen nothing of the series: 0.3 a year of deviation for shares and indices of them, which is
/// what investors were paid over a century (Dimson, Marsh and Staunton 2002, Triumph of the
/// Optimists, chapters 12 and 13: 0.3 to 0.4 for markets, less for a single share); 0 where
/// nobody is paid for holding.
inline double premium_of(domain::AssetType type) {
  switch (type) {
    case domain::AssetType::stock:
    case domain::AssetType::index:
      return 0.3 / std::sqrt(domain::describe(type).days_per_year);
    case domain::AssetType::crypto:
    case domain::AssetType::forex:
    case domain::AssetType::commodity:
      return 0;
  }
  return 0;
}

/// Bars after which a series' own mean change counts as much as the premium: five years tell a
/// yearly mean to within 0.45 yearly deviations, and shares differ by no more than that.
inline constexpr double kMeanPrior = 1260;

/// Whether a series mostly stands still, by the quantiles of its changes: its mean is that of its
/// few moves then, and is not drawn to anything.
inline bool stands_still(const Knots& changes) {
  constexpr std::size_t kQuarter = 7, kThreeQuarters = 15;
  return !(changes[kQuarter] < changes[kThreeQuarters]);
}

}  // namespace ara::models
