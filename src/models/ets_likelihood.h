#pragma once

#include <span>
#include <vector>

#include "models/ets_form.h"

namespace ara::models {

/// Where the recursion starts: `season` holds one index for each bar of the first period.
struct EtsStart {
  double level = 0;
  double slope = 0;
  std::vector<double> season;
};

/// -2 log likelihood of a form, but for a constant: n log(mean squared error), errors relative for
/// multiplicative ones, which add 2 sum(log forecast) (HKOS equation 5.3, times 2); and its
/// gradient by the recursion run backwards, which costs about as much again whatever the number of
/// states.
class EtsLikelihood {
 public:
  /// `values` must outlive this.
  EtsLikelihood(EtsForm form, std::span<const double> values);

  /// INFINITY where a multiplicative form meets a forecast too near 0.
  double value(const EtsParameters& parameters, const EtsStart& start);

  struct Gradient {
    EtsParameters parameters;
    EtsStart start;
  };
  /// At the point of the last call of value, if that was finite.
  const Gradient& gradient();

  double mean_square() const { return squares_ / static_cast<double>(values_.size()); }

 private:
  /// What the way back needs of a step.
  struct Step {
    double ahead, slope, season, error;
  };

  template <EtsTrend trend, EtsSeason season, bool relative>
  double forwards(const EtsStart& start);
  template <EtsTrend trend, EtsSeason season, bool relative>
  void backwards();

  EtsForm form_;
  std::span<const double> values_;
  EtsParameters parameters_;
  std::vector<Step> steps_;
  std::vector<double> ring_;
  double squares_ = 0;
  Gradient gradient_;
};

}  // namespace ara::models
