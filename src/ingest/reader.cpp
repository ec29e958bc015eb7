#include "ingest/reader.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/format.h"
#include "base/text.h"

namespace ara::ingest {
namespace {

using domain::Bar;

struct Field {
  Column column;
  double Bar::* member;
  std::string_view name;
};

constexpr std::array kFields{
    Field{Column::open, &Bar::open, "open"},
    Field{Column::high, &Bar::high, "high"},
    Field{Column::low, &Bar::low, "low"},
    Field{Column::close, &Bar::close, "close"},
    Field{Column::adjusted_close, &Bar::adjusted_close, "adjusted close"},
    Field{Column::volume, &Bar::volume, "volume"},
};

}  // namespace

void Reader::read_as(std::string_view text, const domain::Symbol& symbol) {
  by_symbol_ = false;
  groups_.push_back({symbol, {}, {}});
  // Seldom are lines shorter than this; one allocation then holds all rows.
  groups_.back().rows.reserve(text.size() / 48);
  read(text);
}

void Reader::read_by_symbol(std::string_view text) {
  by_symbol_ = true;
  read(text);
}

void Reader::read(std::string_view text) {
  Lines lines(text);
  while (const auto line = lines.next()) {
    if (lines.number() >= layout_.first_row) read_line(*line, lines.number());
  }
}

/// Rows at fault in one go make one finding, told by its first row.
void Reader::fault(Kind kind, std::size_t number, std::string message) {
  if (!findings_.extend(kind, number)) findings_.add(kind, number, std::move(message));
}

void Reader::read_line(std::string_view line, std::size_t number) {
  if (trim(line).empty()) return;
  ++rows_;
  const bool split = cells_.split(line, layout_.delimiter);
  while (split && cells_.size() > layout_.width && cells_[cells_.size() - 1].empty()) {
    cells_.drop_last();
  }
  if (!split || cells_.size() != layout_.width) {
    fault(Kind::malformed, number,
          ara::format("not a row of {} columns: '{}'", layout_.width, printable(line, 40)));
    return;
  }
  const auto stamp = read_date(cell(Column::date), dates_);
  if (!stamp) {
    const std::string_view date = cell(Column::date);
    fault(Kind::bad_date, number,
          date.empty() ? std::string("there is no date")
                       : ara::format("'{}' is no date, or not written as the others are",
                                     printable(date, 40)));
    return;
  }
  if (today_ && stamp->day > *today_ + std::chrono::days{1}) {
    fault(Kind::bad_date, number, domain::to_iso(stamp->day) + " is yet to come");
    return;
  }
  Row row{.bar = {.time = stamp->day},
          .line = static_cast<std::uint32_t>(number),
          .second_of_day = stamp->second_of_day};
  Group* const group = group_of(number);
  if (group == nullptr) return;
  switch (read_prices(row.bar, number)) {
    case Prices::bar:
      group->rows.push_back(row);
      break;
    case Prices::none:
      break;
    case Prices::in_error:
      group->in_error.push_back(stamp->day);
      break;
  }
}

Reader::Prices Reader::read_prices(Bar& bar, std::size_t number) {
  std::size_t values = 0;
  for (const Field& field : kFields) {
    const auto position = layout_.at(field.column);
    if (!position) continue;
    const Number read = read_number(cells_[*position], layout_.numbers);
    if (read.state == Number::State::bad) {
      fault(Kind::bad_number, number,
            ara::format("{} '{}' is no number", field.name, printable(cells_[*position], 40)));
      return Prices::in_error;
    }
    if (read.state == Number::State::empty) continue;
    bar.*field.member = read.value;
    values += field.column != Column::volume;
  }
  if (values == 0) {
    fault(Kind::empty, number, "a date without prices; left out");
    return Prices::none;
  }
  if (std::isnan(bar.close)) {
    fault(Kind::missing_close, number, "there is no close");
    return Prices::in_error;
  }
  if (bar.close != 0) blank_zeros(bar, number);
  return Prices::bar;
}

/// Sources write an unknown open, high or low as nothing or as 0.
void Reader::blank_zeros(Bar& bar, std::size_t number) {
  bool incomplete = false;
  for (const Field& field : std::span(kFields).first(3)) {
    if (!layout_.has(field.column)) continue;
    double& value = bar.*field.member;
    if (value == 0) value = Bar::kMissing;
    incomplete |= std::isnan(value);
  }
  if (incomplete) {
    fault(Kind::incomplete, number, "open, high or low is absent or 0; taken as unknown");
  }
}

/// The group that the row at hand belongs to; none if its symbol cell holds no symbol.
Group* Reader::group_of(std::size_t number) {
  const std::string_view name = cell(Column::symbol);
  const bool same = rows_ > 1 && name == last_name_;
  if (!by_symbol_) {
    if (last_name_.empty()) last_name_ = name;
    several_symbols_ |= name != last_name_;
    return &groups_.front();
  }
  if (same && !groups_.empty()) return &groups_[last_group_];
  auto found = group_by_name_.find(std::string(name));
  if (found == group_by_name_.end()) {
    auto symbol = domain::Symbol::parse(name);
    if (!symbol) {
      fault(Kind::bad_symbol, number, symbol.error().message);
      return nullptr;
    }
    // Two spellings of one symbol (aapl, AAPL) are one group.
    const auto known = std::ranges::find(groups_, *symbol, &Group::symbol);
    found = group_by_name_.emplace(name, known - groups_.begin()).first;
    if (known == groups_.end()) groups_.push_back({std::move(*symbol), {}, {}});
  }
  last_name_ = name;
  last_group_ = found->second;
  return &groups_[last_group_];
}

}  // namespace ara::ingest
