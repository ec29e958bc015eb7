#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include "storage/postgres_connection.h"

namespace ara::storage {

/// One row of those that a statement gave.
struct PgRow {
  const PgRows& rows;
  int row = 0;

  std::string_view text(int column) const { return rows.text(row, column); }
  std::int64_t integer(int column) const { return rows.integer(row, column); }
};

/// For LIMIT and OFFSET, which are signed.
inline std::int64_t pg_window(std::size_t count) {
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(std::min(count, static_cast<std::size_t>(kMost)));
}

/// The text of a text[]: a parameter of it is cast, as in $1::text[].
inline std::string pg_array(std::span<const std::string> texts) {
  std::string array = "{";
  for (const std::string& text : texts) {
    if (array.size() > 1) array += ',';
    array += '"';
    for (const char c : text) {
      if (c == '"' || c == '\\') array += '\\';
      array += c;
    }
    array += '"';
  }
  return array + "}";
}

}  // namespace ara::storage
