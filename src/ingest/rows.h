#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace ara::ingest {

/// The lines of a text, without their ends (\n or \r\n), in order.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  /// The next line, or nothing at the end. A last line needs no line end.
  std::optional<std::string_view> next();
  /// The number of the line that next() gave last; the first is 1.
  std::size_t number() const { return number_; }

 private:
  std::string_view rest_;
  std::size_t number_ = 0;
};

/// The cells of one line. A cell may stand in double quotes, and the delimiter within them; doubled
/// quotes inside stay doubled, since no value that is read here holds one.
class Cells {
 public:
  static constexpr std::size_t kMax = 64;

  /// Splits the line; false if it has more than kMax cells or an open quote.
  bool split(std::string_view line, char delimiter);

  std::size_t size() const { return size_; }
  std::string_view operator[](std::size_t i) const { return cells_[i]; }
  std::span<const std::string_view> all() const { return {cells_.data(), size_}; }
  void drop_last() { --size_; }

 private:
  std::array<std::string_view, kMax> cells_;
  std::size_t size_ = 0;
};

}  // namespace ara::ingest
