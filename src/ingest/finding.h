#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ara::ingest {

enum class Severity { note, warning, error };
std::string_view to_string(Severity severity);

/// What can be found in a file; finding.cpp holds the one table that names each.
enum class Kind {
  malformed,              ///< not a row of the table: another number of columns, HTML, JSON
  bad_date,               ///< not a date in the file's format, or after today
  bad_number,             ///< a price or volume that is no number
  bad_symbol,             ///< the symbol column holds no symbol
  missing_close,          ///< prices, but no close among them
  not_positive,           ///< a price that is zero or negative
  range,                  ///< high < low, or open or close outside them
  negative_volume,        ///< volume < 0
  conflicting_duplicate,  ///< a second, different bar for one session
  unadjusted_split,       ///< the price jumps by a split's ratio and stays there
  jump,                   ///< the price is more than tenfold, or less than a tenth, overnight
  negative_price,         ///< zero or negative, where that can be (a commodity)
  empty,                  ///< a date without any value
  incomplete,             ///< open, high or low absent or 0, close there
  duplicate,              ///< the same bar again
  gap,                    ///< sessions of the market without a bar
  off_session,            ///< bars on days on which the market is closed
  stale,                  ///< the same prices many sessions running
  unsorted,               ///< neither oldest nor newest first
};

struct KindRow {
  Kind kind;
  Severity severity;
  std::string_view name;  ///< in JSON and in summaries
};

/// All kinds, in the order of the enum.
std::span<const KindRow> kinds();
const KindRow& describe(Kind kind);

/// Something seen in a file. Rows are lines of the text, the first being 1; `row` to `last_row` is
/// the run of lines that it is about.
struct Finding {
  Kind kind = Kind::malformed;
  Severity severity = Severity::error;  ///< that of the kind, unless the person asked to keep it
  std::size_t row = 0;
  std::size_t last_row = 0;
  std::string message;
  std::size_t count = 1;  ///< rows at fault, where one finding stands for a run of them
};

/// The findings of one file: all are counted, the first kListed of each kind are kept.
class Findings {
 public:
  static constexpr std::size_t kListed = 200;

  void add(Kind kind, std::size_t row, std::string message) {
    add(Finding{kind, describe(kind).severity, row, row, std::move(message), 1});
  }
  void add(Finding finding);
  /// Whether the line before is the last one of a finding of that kind; if so, extends it.
  bool extend(Kind kind, std::size_t row);

  /// Ordered by row once sort_by_row was called, else as they were found.
  std::span<const Finding> list() const { return list_; }
  void sort_by_row();

  /// Findings, each row of an extended one counted.
  std::size_t count(Kind kind) const { return counts_[static_cast<std::size_t>(kind)]; }
  std::size_t count(Severity severity) const {
    return severities_[static_cast<std::size_t>(severity)];
  }
  bool none() const { return list_.empty(); }

 private:
  static constexpr std::size_t kKinds = static_cast<std::size_t>(Kind::unsorted) + 1;
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  std::vector<Finding> list_;
  std::array<std::size_t, kKinds> counts_{};
  std::array<std::size_t, kKinds> listed_{};
  std::array<std::size_t, kKinds> last_in_list_ = [] {
    std::array<std::size_t, kKinds> none{};
    none.fill(kNone);
    return none;
  }();
  std::array<std::size_t, 3> severities_{};
};

}  // namespace ara::ingest
