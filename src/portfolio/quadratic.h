#pragma once

#include <cstddef>
#include <variant>
#include <vector>

#include "base/result.h"
#include "portfolio/matrix.h"

namespace ara::portfolio {

/// A strictly convex quadratic program: minimise x'Gx / 2 - a'x where `rows` x >= `bounds`, the
/// first `equalities` of them with equality. G is n by n, `rows` m by n.
struct QuadraticProgram {
  Matrix hessian;
  Vector linear;
  Matrix rows;
  Vector bounds;
  std::size_t equalities = 0;
};

/// Numbers of rows that no x satisfies together, ascending; any of them left out, some x would.
struct Conflict {
  std::vector<std::size_t> rows;
};

/// The one minimiser, exact up to rounding, or the rows that contradict each other; by the dual
/// active set method (Goldfarb and Idnani 1983, A numerically stable dual method for solving
/// strictly convex quadratic programs). Code::internal where G is not positive definite.
Result<std::variant<Vector, Conflict>> minimise(const QuadraticProgram& program);

}  // namespace ara::portfolio
