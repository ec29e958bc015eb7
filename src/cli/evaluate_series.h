#pragma once

#include <optional>
#include <string>
#include <vector>

#include "evaluation/series.h"

namespace ara::cli {

/// What `ara evaluate series` found.
struct SeriesReport {
  /// The means of a method, or why they could not be had.
  struct Outcome {
    std::string name;
    evaluation::SeriesScores scores;
    double owa = 0;
    std::optional<Error> error;
    double seconds = 0;
    double cpu_seconds = 0;
  };

  std::size_t series = 0;
  int season = 1;
  std::vector<Outcome> models;      ///< the first is the headline, and has scores
  std::vector<Outcome> benchmarks;  ///< naive, snaive, naive2: points without intervals
  double seconds = 0;
  double cpu_seconds = 0;
};

std::string to_text(const SeriesReport& report, bool colour);
/// One JSON object, without a line end (docs/EVALUATION.md tells its fields).
std::string to_json(const SeriesReport& report);

}  // namespace ara::cli
