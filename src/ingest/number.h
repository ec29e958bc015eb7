#pragma once

#include <string_view>

namespace ara::ingest {

/// How a file writes its numbers.
struct NumberStyle {
  bool decimal_comma = false;  ///< 1.234,56 rather than 1,234.56
};

/// A cell of a number column.
struct Number {
  enum class State { value, empty, bad };

  State state = State::empty;
  double value = 0;
};

/// Reads plain decimals, and also "$1,234.56", thousands separators in groups of three, and a final
/// K, M or B (as in volumes of 12.5M). Empty, "-", ".", null, nan, none and n/a are an empty cell.
/// What is not finite is bad.
Number read_number(std::string_view cell, NumberStyle style);

/// Whether the cell can only be a number with a decimal comma ("12,5", "1.234,56").
bool shows_decimal_comma(std::string_view cell);

}  // namespace ara::ingest
