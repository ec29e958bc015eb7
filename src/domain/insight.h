#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ara::domain {

/// How a model did where it could not know: one session ahead, fitted on earlier bars alone.
struct TrackRecord {
  std::size_t sessions = 0;
  std::size_t told = 0;     ///< sessions that rose or fell, and of which it said which
  std::size_t right = 0;    ///< of those, as it said
  std::size_t covered = 0;  ///< sessions that ended within its 90 % interval
};

/// How far to trust a forecast; each from 0 to 1, absent where it was not computed or has no
/// meaning. docs/CONFIDENCE.md has the formulas.
struct Confidence {
  std::optional<double> overall;  ///< the geometric mean of the others
  std::optional<double> model_agreement;
  std::optional<double> data_quality;
  std::optional<double> regime_stability;
  std::optional<double> historical_accuracy;
  std::optional<TrackRecord> record;  ///< what historical_accuracy is a share of
};

/// The market regime at the last bar.
struct RegimeView {
  std::string current;
  double confidence = 0;                                    ///< probability of `current`
  std::vector<std::pair<std::string, double>> transitions;  ///< from `current`, a session ahead
  std::size_t duration = 0;      ///< sessions in a row in which it was the most probable
  double expected_duration = 0;  ///< mean length of its stays, in sessions
};

/// One of the things that a forecast is made of.
struct Factor {
  std::string name;
  double value = 0;         ///< of a model its weight, of a feature its value at the last bar
  double contribution = 0;  ///< to the predicted change, in its units
  std::string description;
};

struct Explanation {
  std::vector<Factor> top_factors;                         ///< largest contribution first
  std::vector<std::pair<std::string, double>> importance;  ///< shares, summing to 1
  std::string natural_language;
};

}  // namespace ara::domain
