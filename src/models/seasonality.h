#pragma once

#include <span>
#include <vector>

namespace ara::models {

/// A seasonal pattern that does not change: what classical decomposition takes out of a series.
struct Seasonality {
  std::vector<double> figure;   ///< one for each bar of a period, the first bar's first; or none
  bool multiplicative = false;  ///< the figure's mean is 1, else 0

  bool none() const { return figure.empty(); }
  std::size_t period() const { return figure.empty() ? 1 : figure.size(); }
  /// The seasonally adjusted value of a bar at `phase` (0 to period() - 1).
  double remove(double value, std::size_t phase) const {
    return none() ? value : multiplicative ? value / figure[phase] : value - figure[phase];
  }
  double restore(double value, std::size_t phase) const {
    return none() ? value : value * factor(phase) + term(phase);
  }
  /// restore(x, phase) is x factor(phase) + term(phase).
  double factor(std::size_t phase) const { return multiplicative ? figure[phase] : 1; }
  double term(std::size_t phase) const { return none() || multiplicative ? 0 : figure[phase]; }
};

/// Whether the autocorrelation at lag `season` is significant at 90 %, by Bartlett's standard error
/// (Makridakis, Spiliotis and Assimakopoulos 2020, The M4 Competition, appendix A). Never for 1, a
/// constant, or not more than two periods.
bool is_seasonal(std::span<const double> values, int season);

/// The figure of classical decomposition by centred moving averages (Hyndman and Athanasopoulos,
/// FPP3, section 3.4). More than two periods; for a multiplicative one all values positive.
Seasonality decompose(std::span<const double> values, int season, bool multiplicative);

/// That of decompose where is_seasonal says so, else none: multiplicative if all values are
/// positive and `may_multiply` (and no index is near 0), else additive.
Seasonality find_seasonality(std::span<const double> values, int season, bool may_multiply);

}  // namespace ara::models
