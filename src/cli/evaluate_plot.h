#pragma once

#include <string>

#include "cli/evaluate_bars.h"
#include "cli/evaluate_series.h"

namespace ara::cli {

/// Of the first model, as SVG: the histogram of the probability integral transform, reliability
/// (observed against stated probability), CRPS relative to the peers by symbol, and by year.
std::string plot(const BarsReport& report);

/// OWA of every model and benchmark, and what the models' 80 and 95 % intervals cover, as SVG.
std::string plot(const SeriesReport& report);

}  // namespace ara::cli
