#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "features/features.h"

namespace ara::features {

/// What the textbooks make of an indicator's value. A convention, not a forecast: none of these
/// rules is claimed to earn anything.
enum class Signal {
  bullish,
  bearish,
  neutral,  ///< between the rule's bounds
  high,     ///< of what has a size and no direction
  low,
  normal,
  none,  ///< there is no rule, or no value
};
std::string_view to_string(Signal signal);

/// A feature with its reading.
struct Reading {
  const Feature* feature;  ///< of table()
  double value;            ///< NaN where undefined
  Signal signal;
  std::string description;  ///< definition and rule
};

/// All features, in the order of table().
std::vector<Reading> read(const Values& values);

}  // namespace ara::features
