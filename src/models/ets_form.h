#pragma once

#include <cstddef>
#include <vector>

/// Exponential smoothing as state-space models with one source of error (Hyndman, Koehler, Ord and
/// Snyder 2008, Forecasting with Exponential Smoothing, chapter 2; below: HKOS).
namespace ara::models {

enum class EtsTrend { none, additive, damped };
enum class EtsSeason { none, additive, multiplicative };

/// One of the forms ETS(error, trend, season). Multiplicative trends are left out, as they explode,
/// and so are additive errors with a multiplicative season, which have infinite variances
/// (HKOS section 6.4, appendix).
struct EtsForm {
  bool multiplicative_error = false;
  EtsTrend trend = EtsTrend::none;
  EtsSeason season = EtsSeason::none;

  bool has_trend() const { return trend != EtsTrend::none; }
  bool has_season() const { return season != EtsSeason::none; }
  /// Whether the values must be positive and their zero may not be moved.
  bool multiplicative() const {
    return multiplicative_error || season == EtsSeason::multiplicative;
  }
  /// Smoothing parameters: alpha, beta, gamma, phi.
  std::size_t smoothing_parameters() const {
    return 1 + (has_trend() ? 1 : 0) + (has_season() ? 1 : 0) + (trend == EtsTrend::damped ? 1 : 0);
  }
  /// All that is estimated but the variance: with the initial level, slope and seasonal indices, of
  /// which one follows from the others.
  std::size_t parameters(std::size_t period) const {
    return smoothing_parameters() + 1 + (has_trend() ? 1 : 0) + (has_season() ? period - 1 : 0);
  }
};

/// Within the usual region 0 < beta < alpha < 1, 0 < gamma < 1 - alpha, 0.8 <= phi <= 0.98
/// (HKOS section 2.5.2; the bounds are those of R's forecast).
struct EtsParameters {
  double alpha = 0;
  double beta = 0;
  double gamma = 0;
  double phi = 1;
};

/// The level and slope, and the seasonal index that belongs to the bar at hand.
struct EtsCell {
  double level = 0;
  double slope = 0;
  double season = 0;
};

/// Levels, seasonal indices and forecasts of a multiplicative form stay at or above this (where the
/// values' mean is 1): its recursions divide by them.
inline constexpr double kLeastFactor = 1e-3;

/// What the level and slope alone foretell.
template <EtsTrend trend>
double ets_trend(const EtsParameters& p, const EtsCell& cell) {
  return trend == EtsTrend::none ? cell.level : cell.level + p.phi * cell.slope;
}

/// The forecast of a bar from what the trend foretells and its seasonal index.
template <EtsSeason season>
double ets_mean(double trend, double index) {
  if constexpr (season == EtsSeason::additive) return trend + index;
  if constexpr (season == EtsSeason::multiplicative) return trend * index;
  return trend;
}

/// The cell after a bar whose value was `error` above its forecast, `ahead` being ets_trend
/// (HKOS tables 2.2 and 2.3, which differ in what they call the error, not in the states).
template <EtsTrend trend, EtsSeason season>
EtsCell ets_next(const EtsParameters& p, const EtsCell& cell, double ahead, double error) {
  double in_level = error;
  double in_season = error;
  if constexpr (season == EtsSeason::multiplicative) {
    in_level = error / cell.season;
    in_season = error / ahead;
  }
  EtsCell next;
  next.level = ahead + p.alpha * in_level;
  if constexpr (trend != EtsTrend::none) next.slope = p.phi * cell.slope + p.beta * in_level;
  if constexpr (season != EtsSeason::none) next.season = cell.season + p.gamma * in_season;
  return next;
}

/// Calls `function.template operator()<trend, season>()` with those of the form.
template <class Function>
auto with_form(const EtsForm& form, Function function) {
  const auto with_trend = [&]<EtsTrend trend>() {
    switch (form.season) {
      case EtsSeason::additive:
        return function.template operator()<trend, EtsSeason::additive>();
      case EtsSeason::multiplicative:
        return function.template operator()<trend, EtsSeason::multiplicative>();
      default:
        return function.template operator()<trend, EtsSeason::none>();
    }
  };
  switch (form.trend) {
    case EtsTrend::additive:
      return with_trend.template operator()<EtsTrend::additive>();
    case EtsTrend::damped:
      return with_trend.template operator()<EtsTrend::damped>();
    default:
      return with_trend.template operator()<EtsTrend::none>();
  }
}

}  // namespace ara::models
