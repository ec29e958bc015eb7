#pragma once

#include <map>
#include <string>
#include <vector>

namespace ara::telemetry {

/// A sample line of the exposition, taken apart.
struct Sample {
  std::string name;
  std::map<std::string, std::string> labels;
  double value = 0;
};

struct FamilyText {
  std::string type, help;
  std::vector<Sample> samples;

  /// Of the one sample with this name and these labels; fails the test where there is none.
  double value(const std::string& name,
               const std::map<std::string, std::string>& labels = {}) const;
};

/// Parses Prometheus text format 0.0.4, strictly: HELP and TYPE before the samples of a family, no
/// family and no series twice, known escapes only, every line ended. Throws std::runtime_error
/// that names the line.
std::map<std::string, FamilyText> parse_exposition(const std::string& text);

}  // namespace ara::telemetry
