#include "ingest/date_format.h"

#include <array>
#include <charconv>
#include <string>

#include "base/text.h"

namespace ara::ingest {
namespace {

using std::chrono::day;
using std::chrono::month;
using std::chrono::year;

constexpr int kFirstYear = 1600;
constexpr int kLastYear = 2199;
constexpr int kPivot = 69;

/// Reads from the front of a cell.
struct Cursor {
  std::string_view rest;

  bool take(char c) {
    if (!rest.starts_with(c)) return false;
    rest.remove_prefix(1);
    return true;
  }

  std::size_t skip(std::string_view set) {
    std::size_t n = rest.find_first_not_of(set);
    if (n == std::string_view::npos) n = rest.size();
    rest.remove_prefix(n);
    return n;
  }

  std::string_view digits() {
    std::size_t n = 0;
    while (n < rest.size() && is_digit(rest[n])) ++n;
    const std::string_view taken = rest.substr(0, n);
    rest.remove_prefix(n);
    return taken;
  }

  std::string_view letters() {
    std::size_t n = 0;
    while (n < rest.size() && ((rest[n] | 32) >= 'a' && (rest[n] | 32) <= 'z')) ++n;
    const std::string_view taken = rest.substr(0, n);
    rest.remove_prefix(n);
    return taken;
  }
};

int to_int(std::string_view digits) {
  int value = 0;
  for (char c : digits) value = value * 10 + (c - '0');
  return value;
}

std::optional<domain::Date> make_date(int y, int m, int d) {
  if (y < kFirstYear || y > kLastYear || m < 1 || m > 12 || d < 1) return std::nullopt;
  const std::chrono::year_month_day date{year{y}, month{static_cast<unsigned>(m)},
                                         day{static_cast<unsigned>(d)}};
  if (!date.ok()) return std::nullopt;
  return domain::Date{date};
}

std::optional<int> read_year(std::string_view digits) {
  if (digits.size() == 4) return to_int(digits);
  if (digits.size() != 2) return std::nullopt;
  const int value = to_int(digits);
  return value + (value < kPivot ? 2000 : 1900);
}

/// A time of day at the end of a cell, or its absence. Zones and AM/PM are let pass unread.
std::optional<std::int32_t> read_time(std::string_view rest) {
  if (rest.empty()) return 0;
  Cursor at{rest};
  if (!at.take('T') && at.skip(" ") == 0) return std::nullopt;
  if (at.rest.empty()) return 0;
  const auto hour = at.digits();
  if (hour.empty() || hour.size() > 2 || !at.take(':')) return std::nullopt;
  const auto minute = at.digits();
  if (minute.size() != 2) return std::nullopt;
  std::string_view second;
  if (at.take(':')) {
    second = at.digits();
    if (second.size() != 2) return std::nullopt;
  }
  if (at.rest.size() > 20 ||
      at.rest.find_first_not_of("0123456789.:+- ZUTCGAPMapm") != std::string_view::npos) {
    return std::nullopt;
  }
  const int seconds = to_int(hour) * 3600 + to_int(minute) * 60 + to_int(second);
  if (to_int(hour) > 24 || to_int(minute) > 59 || to_int(second) > 60) return std::nullopt;
  return seconds;
}

/// Three numbers with one separator between them, and what follows.
struct Triple {
  std::array<std::string_view, 3> part;
  std::string_view rest;
};

std::optional<Triple> split_numbers(std::string_view cell) {
  Cursor at{cell};
  Triple triple;
  triple.part[0] = at.digits();
  if (at.rest.empty()) return std::nullopt;
  const char separator = at.rest[0];
  if (separator != '-' && separator != '/' && separator != '.' && separator != ' ') {
    return std::nullopt;
  }
  at.take(separator);
  triple.part[1] = at.digits();
  if (!at.take(separator)) return std::nullopt;
  triple.part[2] = at.digits();
  triple.rest = at.rest;
  for (std::string_view part : triple.part) {
    if (part.empty() || part.size() > 4 || part.size() == 3) return std::nullopt;
  }
  if (triple.part[1].size() > 2) return std::nullopt;
  return triple;
}

std::optional<Stamp> read_numbers(std::string_view cell, DateOrder order) {
  const auto triple = split_numbers(cell);
  if (!triple) return std::nullopt;
  const auto& [part, rest] = *triple;
  const bool first = order == DateOrder::ymd;
  const auto y = read_year(first ? part[0] : part[2]);
  const std::string_view d = order == DateOrder::dmy ? part[0] : first ? part[2] : part[1];
  const std::string_view m = order == DateOrder::mdy ? part[0] : part[1];
  if (!y || d.size() > 2 || m.size() > 2) return std::nullopt;
  const auto date = make_date(*y, to_int(m), to_int(d));
  const auto time = read_time(rest);
  if (!date || !time) return std::nullopt;
  return Stamp{*date, *time};
}

int month_of(std::string_view name) {
  constexpr std::array<std::string_view, 12> kMonths{
      "january", "february", "march",     "april",   "may",      "june",
      "july",    "august",   "september", "october", "november", "december"};
  if (name.size() < 3) return 0;
  const std::string lower = to_lower(name);
  for (std::size_t i = 0; i < kMonths.size(); ++i) {
    if (kMonths[i].starts_with(lower) || (lower == "sept" && i == 8)) {
      return static_cast<int>(i) + 1;
    }
  }
  return 0;
}

/// 31-Mar-21, 31 March 2021, Mar 31, 2021 or 2021-Mar-31.
std::optional<Stamp> read_named(std::string_view cell) {
  constexpr std::string_view kBetween = "-/. ,";
  Cursor at{cell};
  std::string_view name = at.letters();
  const bool name_first = !name.empty();
  if (name_first) at.skip(kBetween);
  const std::string_view first = at.digits();
  at.skip(kBetween);
  if (!name_first) {
    name = at.letters();
    at.skip(kBetween);
  }
  const std::string_view second = at.digits();
  const bool year_first = !name_first && first.size() == 4;
  const auto y = read_year(year_first ? first : second);
  const std::string_view d = year_first ? second : first;
  if (!y || d.empty() || d.size() > 2) return std::nullopt;
  const auto date = make_date(*y, month_of(name), to_int(d));
  const auto time = read_time(at.rest);
  if (!date || !time) return std::nullopt;
  return Stamp{*date, *time};
}

std::optional<Stamp> read_compact(std::string_view cell) {
  Cursor at{cell};
  const std::string_view digits = at.digits();
  if (digits.size() != 8) return std::nullopt;
  const auto date =
      make_date(to_int(digits.substr(0, 4)), to_int(digits.substr(4, 2)), to_int(digits.substr(6)));
  const auto time = read_time(at.rest);
  if (!date || !time) return std::nullopt;
  return Stamp{*date, *time};
}

std::optional<std::int64_t> read_count(std::string_view cell) {
  std::int64_t count = 0;
  const auto [stop, error] = std::from_chars(cell.data(), cell.data() + cell.size(), count);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view rest = cell.substr(static_cast<std::size_t>(stop - cell.data()));
  if (!rest.empty() && (rest[0] != '.' || rest.find_first_not_of('0', 1) != rest.npos)) {
    return std::nullopt;
  }
  return count;
}

std::optional<Stamp> read_epoch(std::string_view cell, std::int64_t per_second) {
  using namespace std::chrono;
  const auto count = read_count(cell);
  if (!count) return std::nullopt;
  // Floor, so that times before 1970 fall on their own day.
  const std::int64_t whole = *count / per_second - (*count % per_second < 0 ? 1 : 0);
  constexpr sys_seconds kFirst = sys_days{year{kFirstYear} / 1 / 1};
  constexpr sys_seconds kLast = sys_days{year{kLastYear + 1} / 1 / 1};
  if (whole < kFirst.time_since_epoch().count() || whole >= kLast.time_since_epoch().count()) {
    return std::nullopt;
  }
  const sys_seconds time{seconds{whole}};
  const domain::Date date = domain::date_of(time);
  return Stamp{date, static_cast<std::int32_t>((time - date).count())};
}

/// YYYY-MM-DD and nothing more, which is what most files hold.
std::optional<domain::Date> read_plain_iso(std::string_view cell) {
  for (std::size_t i : {0U, 1U, 2U, 3U, 5U, 6U, 8U, 9U}) {
    if (!is_digit(cell[i])) return std::nullopt;
  }
  return make_date(to_int(cell.substr(0, 4)), to_int(cell.substr(5, 2)), to_int(cell.substr(8)));
}

}  // namespace

std::string_view to_string(DateOrder order) {
  switch (order) {
    case DateOrder::ymd:
      return "ymd";
    case DateOrder::dmy:
      return "dmy";
    case DateOrder::mdy:
      return "mdy";
  }
  return "ymd";
}

Result<DateOrder> parse_date_order(std::string_view name) {
  for (DateOrder order : {DateOrder::ymd, DateOrder::dmy, DateOrder::mdy}) {
    if (to_lower(name) == to_string(order)) return order;
  }
  return invalid("date_order", name, "one of ymd, dmy, mdy");
}

bool is_year_first(std::string_view cell) {
  return cell.size() >= 8 && is_digit(cell[0]) && is_digit(cell[1]) && is_digit(cell[2]) &&
         is_digit(cell[3]) && read_numbers(cell, DateOrder::ymd).has_value();
}

bool looks_like_date(std::string_view cell) {
  if (read_named(cell) || read_compact(cell)) return true;
  for (DateOrder order : {DateOrder::ymd, DateOrder::dmy, DateOrder::mdy}) {
    if (read_numbers(cell, order)) return true;
  }
  // Counts of fewer digits are row numbers rather than times.
  const auto count = read_count(cell);
  return count && *count >= 100'000'000;
}

std::optional<Stamp> read_date(std::string_view cell, const DateFormat& format) {
  switch (format.form) {
    case DateFormat::Form::numbers:
      if (format.order == DateOrder::ymd && cell.size() == 10 && cell[4] == '-' && cell[7] == '-') {
        const auto date = read_plain_iso(cell);
        return date ? std::optional(Stamp{*date, 0}) : std::nullopt;
      }
      return read_numbers(cell, format.order);
    case DateFormat::Form::named:
      return read_named(cell);
    case DateFormat::Form::compact:
      return read_compact(cell);
    case DateFormat::Form::epoch:
      return read_epoch(cell, format.per_second);
  }
  return std::nullopt;
}

}  // namespace ara::ingest
