#pragma once

#include <array>
#include <span>
#include <vector>

#include "domain/quantile_function.h"
#include "models/series_member.h"

namespace ara::models {

/// The interquartile mean: of the middle half of the weights, which sum to 1. As robust against one
/// bad member as the median, and less jumpy.
double midmean(std::span<const double> values, std::span<const double> weights);

/// How the members' outlooks become one distribution: the midmean of their medians, and
/// around it what errors were made, h bars ahead of the origins in the sample, relative to the
/// midmean of the members' spreads (split conformal prediction with normalised residuals;
/// Lei, G'Sell, Rinaldo, Tibshirani and Wasserman 2018, section 5.2).
struct SeriesPool {
  std::vector<double> weights;
  std::vector<double> phases;  ///< the size of errors at each bar of the season, relative
  double growth = 0;           ///< their size grows by h^growth, beside what the spreads say
  int longest = 1;             ///< h from which on it no longer does
  double size = 0;             ///< the standard deviation of relative errors
  std::array<double, domain::QuantileFunction::kKnots> knots{};  ///< their quantiles

  Outlook outlook(std::span<const Outlook> members) const;
  /// The factor of an outlook's spread at horizon h for the bar of that phase.
  double factor(int h, std::size_t phase) const;
};

/// Learns it from forecasts of the sample's newer part; parameters are those of the whole sample,
/// states those at each origin.
SeriesPool learn_pool(std::span<const SeriesMember> members, const Sample& sample, int season);

}  // namespace ara::models
