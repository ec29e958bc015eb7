#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"
#include "domain/date.h"

namespace ara::ingest {

/// Which part of an all-digit date comes first: year-month-day, day-month-year, month-day-year.
enum class DateOrder { ymd, dmy, mdy };
std::string_view to_string(DateOrder order);
Result<DateOrder> parse_date_order(std::string_view name);

/// How a file writes its dates. Every form may be followed by a time of day, which is kept as it
/// is printed: a bar belongs to the day that its source names.
struct DateFormat {
  enum class Form {
    numbers,  ///< three numbers: 2021-03-31, 31.03.21, 3/31/2021; `order` says which is which
    named,    ///< a month's name: 31-Mar-21, Mar 31, 2021, 31 March 2021
    compact,  ///< 20210331
    epoch,    ///< a count since 1970-01-01 UTC
  };

  Form form = Form::numbers;
  DateOrder order = DateOrder::ymd;
  std::int64_t per_second = 1;  ///< of an epoch: 1, 10^3, 10^6 or 10^9
};

/// What a date cell says.
struct Stamp {
  domain::Date day{};
  std::int32_t second_of_day = 0;

  friend bool operator==(const Stamp&, const Stamp&) = default;
};

/// The cell as a date in that format, from 1600 to 2199; nothing if it is none. Two-digit years
/// from 69 on are of the 1900s, as in POSIX.
std::optional<Stamp> read_date(std::string_view cell, const DateFormat& format);

/// Whether the cell starts with a year of four digits, so that its order is plain.
bool is_year_first(std::string_view cell);

/// Whether any format can read the cell.
bool looks_like_date(std::string_view cell);

/// The format of a column. Three numbers can be read in several orders: the order that reads the
/// most cells wins, then the one in which the rows run steadily one way, then the one that gives
/// business days in close succession. `today` (where given) rules out readings after tomorrow.
/// Code::invalid on field "date" when two orders are left; `asked` settles it.
Result<DateFormat> detect_date_format(std::span<const std::string_view> cells,
                                      std::optional<DateOrder> asked,
                                      std::optional<domain::Date> today);

}  // namespace ara::ingest
