#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "domain/series.h"
#include "ingest/finding.h"

namespace ara::ingest {

/// A bar and where it stood.
struct Row {
  domain::Bar bar;
  std::uint32_t line = 0;
  std::int32_t second_of_day = 0;  ///< as printed beside the date; the bar's time is midnight
};

/// The rows of one symbol, in the order of the text.
struct Group {
  domain::Symbol symbol;
  std::vector<Row> rows;
  std::vector<domain::Date> in_error;  ///< days whose rows are at fault and left out
};

/// What is wrong with one bar.
struct Fault {
  Kind kind = Kind::range;
  std::string message;
};

/// Checks one bar by itself: prices positive (for a commodity finite), high >= low, open and close
/// within them, volume >= 0. Ranges hold to a relative 1e-5, the rounding of sources that adjust
/// their prices. Absent fields are not checked.
std::optional<Fault> check_bar(const domain::Bar& bar, domain::AssetType asset_type);

/// Puts the rows of one symbol in order, oldest first, and leaves out second bars of a day: equal
/// ones with a warning, different ones as errors (the first in the file stays).
/// Returns how many rows were second bars at another time of day.
std::size_t order_rows(std::vector<Row>& rows, Findings& findings);

/// Looks at the bars of one symbol, in order and without double days, for gaps (days that have a
/// row in error are none), bars on closed days, stale runs, jumps and, for stocks, splits that were
/// never adjusted for. `keep_jumps` reports the last two as warnings.
void check_series(const Group& group, domain::AssetType asset_type, bool keep_jumps,
                  Findings& findings);

}  // namespace ara::ingest
