#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "domain/symbol.h"
#include "ingest/check.h"
#include "ingest/date_format.h"
#include "ingest/finding.h"
#include "ingest/layout.h"
#include "ingest/rows.h"

namespace ara::ingest {

/// Reads the rows of a text whose layout and date format are known. Lines that are no bars go to
/// the findings; whether a bar is a sound one is not looked at here.
class Reader {
 public:
  /// All arguments outlive the reader.
  Reader(const Layout& layout, const DateFormat& dates, std::optional<domain::Date> today,
         Findings& findings)
      : layout_(layout), dates_(dates), today_(today), findings_(findings) {}

  /// All rows as bars of one symbol.
  void read_as(std::string_view text, const domain::Symbol& symbol);
  /// Each row as a bar of the symbol in its symbol column.
  void read_by_symbol(std::string_view text);

  std::size_t rows() const { return rows_; }
  /// Whether the symbol column, if there is one, changed on the way.
  bool several_symbols() const { return several_symbols_; }
  std::vector<Group> take_groups() { return std::move(groups_); }

 private:
  void read(std::string_view text);
  void read_line(std::string_view line, std::size_t number);
  /// What a row with a date holds beside it.
  enum class Prices { bar, none, in_error };
  Prices read_prices(domain::Bar& bar, std::size_t number);
  void blank_zeros(domain::Bar& bar, std::size_t number);
  Group* group_of(std::size_t number);
  void fault(Kind kind, std::size_t number, std::string message);
  std::string_view cell(Column column) const {
    const auto position = layout_.at(column);
    return position ? cells_[*position] : std::string_view{};
  }

  const Layout& layout_;
  const DateFormat& dates_;
  const std::optional<domain::Date> today_;
  Findings& findings_;
  Cells cells_;
  std::vector<Group> groups_;
  std::unordered_map<std::string, std::size_t> group_by_name_;
  bool by_symbol_ = false;
  bool several_symbols_ = false;
  std::string last_name_;
  std::size_t last_group_ = 0;
  std::size_t rows_ = 0;
};

}  // namespace ara::ingest
