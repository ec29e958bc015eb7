#include "cli/table.h"

#include <algorithm>

#include "cli/output.h"

namespace ara::cli {

std::string Table::render(bool colour) const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t width = display_width(columns_[i].title);
    for (const auto& row : rows_) width = std::max(width, display_width(row[i].text));
    widths.push_back(width);
  }
  std::string out;
  const auto add_line = [&](auto&& cell_of) {
    std::string line;
    std::size_t pending = 0;  // spaces are written before the next text, so none end a line
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const Cell cell = cell_of(i);
      const std::size_t room = widths[i] - display_width(cell.text);
      const bool right = columns_[i].align == Align::right;
      pending += right ? room : 0;
      if (!cell.text.empty()) {
        line += std::string(pending, ' ') + paint(cell.text, cell.style, colour);
        pending = 0;
      }
      pending += (right ? 0 : room) + 2;
    }
    out += line + '\n';
  };
  add_line([&](std::size_t i) { return Cell{columns_[i].title, "2"}; });
  for (const auto& row : rows_) {
    add_line([&](std::size_t i) { return row[i]; });
  }
  return out;
}

}  // namespace ara::cli
