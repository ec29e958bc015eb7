#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ara::cli {

/// A table for a terminal: columns as wide as their widest cell, two spaces between them.
class Table {
 public:
  enum class Align { left, right };
  struct Column {
    std::string title;
    Align align = Align::left;
  };
  struct Cell {
    std::string text;
    std::string_view style{};  ///< SGR; see paint()
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// As many cells as there are columns.
  void add(std::vector<Cell> cells) { rows_.push_back(std::move(cells)); }
  /// A line for the titles and one for each row, no spaces at their ends.
  std::string render(bool colour) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace ara::cli
