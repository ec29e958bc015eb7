#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ara::evaluation {

/// A series of a table in the M4 competition's wide format.
struct WideRow {
  std::string id;
  std::vector<double> values;  ///< oldest first, at least one
};

/// Reads `id,value,value,...` lines, cells in double quotes or not. A first line that holds no
/// number beside its first cell, or whose first cell is empty or a common name of an id column, is
/// a header. Empty cells and NA at the end of a line are no values; between values they are
/// refused. Code::invalid on field `name`, with the id and the column, for a cell that is no finite
/// number, a line without values, an id given twice or a table without rows.
Result<std::vector<WideRow>> parse_wide(std::string_view text, std::string_view name);

}  // namespace ara::evaluation
