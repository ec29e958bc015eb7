#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/asset.h"
#include "domain/date.h"
#include "domain/symbol.h"

namespace ara::domain {

enum class Interval { day };

/// One bar. Prices in the quote currency, volume in units traded. A source that has only closes
/// leaves the other fields NaN, IEEE's own "not a number"; `close` is always finite.
struct Bar {
  static constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

  Time time{};
  double open = kMissing;
  double high = kMissing;
  double low = kMissing;
  double close = kMissing;
  double adjusted_close = kMissing;  ///< adjusted for splits and dividends
  double volume = kMissing;
};

/// The close that returns are computed from: adjusted where the source has it.
inline double value_close(const Bar& bar) {
  return std::isfinite(bar.adjusted_close) ? bar.adjusted_close : bar.close;
}

/// Bit-for-bit equality, but NaN equal to NaN and -0.0 to 0.0 (SQLite keeps no sign of zero).
bool same_bar(const Bar& a, const Bar& b);

/// Names one state of a symbol's bars. `counter` grows with every change, a corrected old bar
/// included; `content` is a hash of the set of bars, so equal content means equal bars.
struct Revision {
  std::uint64_t counter = 0;
  std::uint64_t content = 0;

  friend bool operator==(const Revision&, const Revision&) = default;
};

/// "COUNTER-CONTENT", content as 16 hexadecimal digits.
std::string to_string(const Revision& revision);
/// The inverse; nothing for any other text.
std::optional<Revision> parse_revision(std::string_view text);

/// What one bar adds to Revision::content: the contents of a set is the sum (mod 2^64) over its
/// bars, so it does not depend on order and a correction costs O(1).
std::uint64_t content_of(const Bar& bar);

/// A symbol's bars, oldest first, no time twice.
struct Series {
  Symbol symbol;
  AssetType asset_type = AssetType::stock;
  Interval interval = Interval::day;
  Revision revision;
  std::vector<Bar> bars;
};

}  // namespace ara::domain
