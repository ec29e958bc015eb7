#pragma once

#include <optional>
#include <string>
#include <vector>

#include "evaluation/summary.h"

namespace ara::cli {

/// What `ara evaluate bars` found.
struct BarsReport {
  struct Model {
    std::string name;
    evaluation::Summary summary;
    std::optional<Error> error;  ///< why it could not be evaluated
  };

  std::size_t symbols = 0;
  int horizon = 0;
  std::vector<std::string> skipped;  ///< symbols with too few bars
  std::vector<Model> models;         ///< the first is the headline, and has a summary
  double seconds = 0;
  double cpu_seconds = 0;
};

std::string to_text(const BarsReport& report, bool colour);
/// One JSON object, without a line end (docs/EVALUATION.md tells its fields).
std::string to_json(const BarsReport& report);

}  // namespace ara::cli
