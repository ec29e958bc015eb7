#pragma once

#include <string>
#include <vector>

#include "doctor/finding.h"

namespace ara::doctor {

/// A figure that the guide's sections ask for, whether anything is wrong with it or not.
struct Figure {
  Section section = Section::latency;
  std::string subject;  ///< the node, server or database
  std::string what;
  double value = 0;
  std::string
      unit;  ///< "seconds", "bytes", "ratio", "bytes per minute", "per minute" or "" (a count)
  std::string detail{};  ///< of what, where that matters, e.g. the name of the slowest
};

/// In the order in which they are to be read.
std::vector<Figure> figures_of(const Facts& facts);

/// The value with its unit, for a person.
std::string shown(const Figure& figure);

}  // namespace ara::doctor
