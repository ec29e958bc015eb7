#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <string>
#include <vector>

#include "ingest/date_format.h"

namespace ara::ingest {
namespace {

using std::chrono::days;

/// How the column reads in one order.
struct Reading {
  DateOrder order = DateOrder::ymd;
  std::size_t readable = 0;
  std::size_t disorder = 0;    ///< steps against the direction of most
  bool business_days = false;  ///< no weekend, never more than ten days from row to row
  std::string example;         ///< the first cell in this reading
};

Reading read_as(std::span<const std::string_view> cells, DateOrder order,
                std::optional<domain::Date> today) {
  Reading reading;
  reading.order = order;
  const DateFormat format{DateFormat::Form::numbers, order, 1};
  std::size_t forward = 0;
  std::size_t backward = 0;
  std::optional<domain::Date> previous;
  reading.business_days = true;
  for (std::string_view cell : cells) {
    const auto stamp = read_date(cell, format);
    if (!stamp || (today && stamp->day > *today + days{1})) continue;
    if (reading.readable++ == 0) reading.example = domain::to_iso(stamp->day);
    if (previous) {
      forward += stamp->day > *previous;
      backward += stamp->day < *previous;
      if (std::abs((stamp->day - *previous).count()) > 10) reading.business_days = false;
    }
    const std::chrono::weekday weekday{stamp->day};
    if (weekday == std::chrono::Saturday || weekday == std::chrono::Sunday) {
      reading.business_days = false;
    }
    previous = stamp->day;
  }
  reading.disorder = std::min(forward, backward);
  return reading;
}

/// Keeps the readings that are best by `better_or_equal`'s key.
template <class Key>
void keep_best(std::vector<Reading>& readings, Key key) {
  const auto best = key(*std::ranges::min_element(readings, {}, key));
  std::erase_if(readings, [&](const Reading& reading) { return key(reading) != best; });
}

Result<DateFormat> decide_order(std::span<const std::string_view> cells,
                                std::optional<domain::Date> today) {
  std::vector<Reading> readings;
  for (DateOrder order : {DateOrder::dmy, DateOrder::mdy, DateOrder::ymd}) {
    readings.push_back(read_as(cells, order, today));
  }
  keep_best(readings, [](const Reading& r) { return -static_cast<std::ptrdiff_t>(r.readable); });
  keep_best(readings, [](const Reading& r) { return r.disorder; });
  if (readings.front().readable > 1) {
    keep_best(readings, [](const Reading& r) { return r.business_days ? 0 : 1; });
  }
  // Every row reading as the same day either way (05/05/2020) decides nothing and needs no answer.
  const bool same = std::ranges::all_of(readings, [&](const Reading& r) {
    return std::ranges::all_of(cells, [&](std::string_view cell) {
      return read_date(cell, {DateFormat::Form::numbers, r.order, 1}) ==
             read_date(cell, {DateFormat::Form::numbers, readings.front().order, 1});
    });
  });
  if (readings.size() == 1 || same) {
    return DateFormat{DateFormat::Form::numbers, readings.front().order, 1};
  }
  std::string meanings;
  std::string orders;
  for (const Reading& reading : readings) {
    meanings += (meanings.empty() ? "" : " or ") + reading.example;
    orders += (orders.empty() ? "" : " or ") + std::string(to_string(reading.order));
  }
  const auto cell = std::ranges::find_if(cells, looks_like_date);
  const std::string value = printable(cell == cells.end() ? std::string_view{} : *cell);
  return std::unexpected(Error{Code::invalid,
                               "date: '" + value + "' can mean " + meanings +
                                   ", and the other rows do not decide; say which with "
                                   "--date-order " +
                                   orders,
                               "date", value, "--date-order " + orders});
}

/// Seconds, milliseconds, microseconds or nanoseconds, by the size of the largest count: each unit
/// then covers 1973 to 5138.
std::int64_t epoch_unit(std::span<const std::string_view> cells) {
  std::int64_t largest = 0;
  for (std::string_view cell : cells) {
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), count);
    if (error != std::errc{} || cell.size() > 22) continue;
    largest = std::max(largest, count < 0 ? -(count + 1) : count);
  }
  constexpr std::int64_t kSecondsLimit = 100'000'000'000;
  std::int64_t unit = 1;
  while (unit < 1'000'000'000 && largest / unit >= kSecondsLimit) unit *= 1000;
  return unit;
}

/// A whole number, as an epoch is written (1609459200, also 1609459200.0).
bool is_count(std::string_view cell) {
  if (cell.starts_with('-')) cell.remove_prefix(1);
  if (cell.ends_with(".0")) cell.remove_suffix(2);
  return !cell.empty() && cell.find_first_not_of("0123456789") == cell.npos;
}

}  // namespace

Result<DateFormat> detect_date_format(std::span<const std::string_view> cells,
                                      std::optional<DateOrder> asked,
                                      std::optional<domain::Date> today) {
  using Form = DateFormat::Form;
  std::size_t year_first = 0;
  std::size_t named = 0;
  std::size_t compact = 0;
  std::size_t counts = 0;
  std::size_t numbers = 0;
  for (std::string_view cell : cells) {
    if (is_year_first(cell)) {
      ++year_first;
    } else if (read_date(cell, {Form::compact, DateOrder::ymd, 1})) {
      ++compact;
    } else if (read_date(cell, {Form::named, DateOrder::ymd, 1})) {
      ++named;
    } else if (is_count(cell)) {
      ++counts;
    } else if (looks_like_date(cell)) {
      ++numbers;
    }
  }
  const std::size_t most = std::max({year_first, named, compact, counts, numbers});
  if (most == year_first) return DateFormat{Form::numbers, DateOrder::ymd, 1};
  if (most == compact) return DateFormat{Form::compact, DateOrder::ymd, 1};
  if (most == named) return DateFormat{Form::named, DateOrder::ymd, 1};
  if (most == counts) return DateFormat{Form::epoch, DateOrder::ymd, epoch_unit(cells)};
  if (asked) return DateFormat{Form::numbers, *asked, 1};
  return decide_order(cells, today);
}

}  // namespace ara::ingest
