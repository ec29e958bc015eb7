#pragma once

#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "features/features.h"
#include "models/har_state.h"
#include "models/model.h"

namespace ara::models {

/// What the global trees see of a series, folded bar by bar in O(1): the features, the state of its
/// variance relative to itself, how volatile it is next to other series (its absolute variance: in
/// trees trained on many series, thresholds on it are ranks in the cross-section), the market, and
/// the horizon. Shared by training and forecasting, so both see the same.
class TreeState {
 public:
  /// Of HarState's features; those after them came later, and trained trees know nothing of them.
  static constexpr std::size_t kOwn = HarState::kMarketChanges;
  static constexpr std::size_t kInputs = features::kFeatures + kOwn + 1;
  using Inputs = std::array<float, kInputs>;

  /// Names of the inputs, those of the features first.
  static const std::array<std::string_view, kInputs>& names();

  void advance(const Observation& seen, domain::Scale scale);

  /// At the newest bar, for a change over `horizon` sessions; NaN where undefined.
  Inputs inputs(int horizon) const;

  /// The logarithm of the variance a session that changes are standardised by: a weighted geometric
  /// mean of the newest and of the averages over a week, a month and a quarter.
  double log_variance() const;

  double last() const { return har_.last(); }      ///< value
  double record() const { return har_.record(); }  ///< size of the largest change
  void remember(double record) { har_.remember(record); }

 private:
  features::FeatureState features_;
  HarState har_;
};

}  // namespace ara::models
