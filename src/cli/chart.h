#pragma once

#include <array>
#include <string>
#include <vector>

#include "cli/forecast_view.h"
#include "cli/output.h"

namespace ara::cli {

/// What a fan chart shows: past closes, oldest first, at least one, and for each session ahead, at
/// least one, the quantiles at DayView::kLevels. All values finite and on one scale.
struct FanChart {
  std::vector<std::string> past_dates;  ///< as many as `past`
  std::vector<double> past;
  std::vector<std::string> dates;  ///< as many as `fan`
  std::vector<std::array<double, DayView::kLevels.size()>> fan;
};

/// The chart as lines of text, each at most look.width columns (40 to 110 are used) and ended by a
/// newline: recent closes as a line of braille dots, then the 50, 80 and 95 % intervals as shades
/// about the median. Sessions are equally spaced from the first close to the last day ahead. With
/// look.colour in shades of blue, with the intervals' edges to an eighth of a line; else in plain
/// block characters without escape codes.
std::string render(const FanChart& chart, const Look& look);

/// Decimals at which values that differ by `span` show at least three digits of the difference, 2
/// to 6.
int decimals_for(double span);

}  // namespace ara::cli
