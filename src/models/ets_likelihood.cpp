#include "models/ets_likelihood.h"

#include <algorithm>
#include <cmath>

namespace ara::models {
namespace {

/// The square of an error (values having a size of about 1) that is too small to matter: keeps the
/// likelihood of a perfect fit finite.
constexpr double kLeastSquare = 1e-20;

/// The logarithm of a product of many positive numbers, without a logarithm for each.
class LogProduct {
 public:
  void multiply(double factor) {
    product_ *= factor;
    if (product_ > 1e100 || product_ < 1e-100) settle();
  }
  double log() {
    settle();
    return sum_;
  }

 private:
  void settle() {
    sum_ += std::log(product_);
    product_ = 1;
  }
  double product_ = 1;
  double sum_ = 0;
};

}  // namespace

EtsLikelihood::EtsLikelihood(EtsForm form, std::span<const double> values)
    : form_(form), values_(values), steps_(values.size()) {}

template <EtsTrend trend, EtsSeason season, bool relative>
double EtsLikelihood::forwards(const EtsStart& start) {
  ring_ = start.season;
  const EtsParameters p = parameters_;
  EtsCell cell{.level = start.level, .slope = start.slope, .season = 0};
  LogProduct means;
  double squares = 0;
  std::size_t phase = 0;
  for (std::size_t t = 0; t < values_.size(); ++t) {
    if constexpr (season != EtsSeason::none) cell.season = ring_[phase];
    const double ahead = ets_trend<trend>(p, cell);
    const double mean = ets_mean<season>(ahead, cell.season);
    if constexpr (season == EtsSeason::multiplicative) {
      if (!(ahead >= kLeastFactor && cell.season >= kLeastFactor)) return INFINITY;
    }
    const double error = values_[t] - mean;
    if constexpr (relative) {
      if (!(mean >= kLeastFactor)) return INFINITY;
      squares += error / mean * (error / mean);
      means.multiply(mean);
    } else {
      squares += error * error;
    }
    steps_[t] = {ahead, cell.slope, cell.season, error};
    cell = ets_next<trend, season>(p, cell, ahead, error);
    if constexpr (season != EtsSeason::none) {
      ring_[phase] = cell.season;
      phase = phase + 1 < ring_.size() ? phase + 1 : 0;
    }
  }
  const double n = static_cast<double>(values_.size());
  squares_ = squares;
  return n * std::log(squares_ / n + kLeastSquare) + 2 * means.log();
}

template <EtsTrend trend, EtsSeason season, bool relative>
void EtsLikelihood::backwards() {
  const EtsParameters p = parameters_;
  const double n = static_cast<double>(values_.size());
  const double weight = 2 / (squares_ / n + kLeastSquare);  // of an error's derivative
  EtsParameters g{.phi = 0};
  double g_level = 0, g_slope = 0;
  auto& g_ring = gradient_.start.season;
  g_ring.assign(ring_.size(), 0);
  std::size_t phase = ring_.empty() ? 0 : values_.size() % ring_.size();
  for (std::size_t t = values_.size(); t-- > 0;) {
    const auto [ahead, slope, index, error] = steps_[t];
    double g_index = 0;  // of the index after the step, then before it
    if constexpr (season != EtsSeason::none) {
      phase = phase > 0 ? phase - 1 : ring_.size() - 1;
      g_index = g_ring[phase];
    }
    double in_level = error, in_season = error, by_index = 1, by_ahead = 1;
    if constexpr (season == EtsSeason::multiplicative) {
      by_index = 1 / index;
      by_ahead = 1 / ahead;
      in_level *= by_index;
      in_season *= by_ahead;
    }
    const double g_in_level = p.alpha * g_level + p.beta * g_slope;
    const double g_in_season = p.gamma * g_index;
    g.alpha += g_level * in_level;
    g.beta += g_slope * in_level;
    g.gamma += g_index * in_season;
    double g_error = g_in_level * by_index + g_in_season * by_ahead;
    double g_mean = 0;
    if constexpr (relative) {
      const double by_mean = 1 / ets_mean<season>(ahead, index);
      const double e = error * by_mean;
      g_error += weight * e * by_mean;
      g_mean = (2 - weight * e * e) * by_mean;
    } else {
      g_error += weight * error;
    }
    g_mean -= g_error;
    double g_ahead = g_level + g_mean;
    if constexpr (season == EtsSeason::multiplicative) {
      g_ahead = g_level - g_in_season * in_season * by_ahead + g_mean * index;
      g_index += g_mean * ahead - g_in_level * in_level * by_index;
    } else {
      g_index += g_mean;
    }
    if constexpr (trend != EtsTrend::none) {
      g.phi += slope * (g_slope + g_ahead);
      g_slope = p.phi * (g_slope + g_ahead);
    }
    g_level = g_ahead;
    if constexpr (season != EtsSeason::none) g_ring[phase] = g_index;
  }
  gradient_.parameters = g;
  gradient_.start.level = g_level;
  gradient_.start.slope = g_slope;
}

double EtsLikelihood::value(const EtsParameters& parameters, const EtsStart& start) {
  parameters_ = parameters;
  const double value = with_form(form_, [&]<EtsTrend trend, EtsSeason season>() {
    return form_.multiplicative_error ? forwards<trend, season, true>(start)
                                      : forwards<trend, season, false>(start);
  });
  return std::isfinite(value) ? value : INFINITY;
}

const EtsLikelihood::Gradient& EtsLikelihood::gradient() {
  with_form(form_, [&]<EtsTrend trend, EtsSeason season>() {
    form_.multiplicative_error ? backwards<trend, season, true>()
                               : backwards<trend, season, false>();
  });
  return gradient_;
}

}  // namespace ara::models
