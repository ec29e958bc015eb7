#include "evaluation/wide_table.h"

#include <algorithm>
#include <array>
#include <unordered_set>
#include <utility>

#include "base/format.h"
#include "base/text.h"

namespace ara::evaluation {
namespace {

std::vector<std::string_view> cells_of(std::string_view line) {
  std::vector<std::string_view> cells;
  while (true) {
    const auto comma = std::min(line.find(','), line.size());
    std::string_view cell = trim(line.substr(0, comma));
    if (cell.size() >= 2 && cell.front() == '"' && cell.back() == '"') {
      cell = trim(cell.substr(1, cell.size() - 2));
    }
    cells.push_back(cell);
    if (comma == line.size()) return cells;
    line.remove_prefix(comma + 1);
  }
}

bool is_absent(std::string_view cell) {
  return cell.empty() || cell == "NA" || cell == "NaN";
}

bool is_header(const std::vector<std::string_view>& cells) {
  constexpr std::array<std::string_view, 5> kNames{"", "id", "unique_id", "series", "m4id"};
  if (std::ranges::contains(kNames, to_lower(cells.front()))) return true;
  return std::none_of(cells.begin() + 1, cells.end(),
                      [](std::string_view cell) { return parse_double(cell).has_value(); });
}

Result<WideRow> parse_row(std::vector<std::string_view> cells, std::string_view name) {
  while (cells.size() > 1 && is_absent(cells.back())) cells.pop_back();
  WideRow row{.id = std::string(cells.front()), .values = {}};
  if (cells.size() < 2) return invalid(name, row.id, "a value after each series' id");
  row.values.reserve(cells.size() - 1);
  for (std::size_t i = 1; i < cells.size(); ++i) {
    const auto value = parse_double(cells[i]);
    if (!value) {
      return invalid(name, cells[i],
                     ara::format("a number as value {} of series {}", i, printable(row.id)));
    }
    row.values.push_back(*value);
  }
  return row;
}

}  // namespace

Result<std::vector<WideRow>> parse_wide(std::string_view text, std::string_view name) {
  std::vector<WideRow> rows;
  std::unordered_set<std::string> ids;
  bool first = true;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    auto cells = cells_of(line);
    if (std::exchange(first, false) && is_header(cells)) continue;
    auto row = parse_row(std::move(cells), name);
    if (!row) return std::unexpected(row.error());
    if (!ids.insert(row->id).second) return invalid(name, row->id, "each id once");
    rows.push_back(std::move(*row));
  }
  if (rows.empty()) return invalid(name, "no series", "lines of an id and its values");
  return rows;
}

}  // namespace ara::evaluation
