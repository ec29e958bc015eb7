#pragma once

#include <ranges>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ara {

/// The row of a table that has this `name`. Code::invalid on `field`; the error lists the names.
template <std::ranges::contiguous_range Rows>
Result<const std::ranges::range_value_t<Rows>*> find_named(const Rows& rows, std::string_view field,
                                                           std::string_view name) {
  std::string allowed = "one of";
  for (const auto& row : rows) {
    if (row.name == name) return &row;
    allowed += (&row == std::ranges::data(rows) ? " " : ", ") + std::string(row.name);
  }
  return invalid(field, name, allowed);
}

}  // namespace ara
