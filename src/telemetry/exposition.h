#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "telemetry/metrics.h"

namespace ara::telemetry {

/// A series as it was read.
struct SeriesRead {
  Metrics::Labels labels;
  double value = 0;                       ///< of a histogram the sum
  std::vector<std::uint64_t> cumulative;  ///< of a histogram, by bucket; the last is the count
};

struct FamilyRead {
  const MetricRow& row;
  std::vector<SeriesRead> series;
};

/// The families as text; both formats write bounds and values alike, so that a series is the same
/// whichever was scraped.
std::string to_text(std::span<const FamilyRead> families, Format format);

}  // namespace ara::telemetry
