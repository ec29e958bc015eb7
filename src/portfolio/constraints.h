#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "portfolio/matrix.h"

namespace ara::portfolio {

/// Assets whose weights together are at most `limit`.
struct GroupLimit {
  std::string name;  ///< of the limit in a request, e.g. "sector_limits.tech"
  std::vector<std::size_t> members;
  double limit = 1;
};

/// What weights must satisfy beside summing to 1. Long-only unless min_weight is negative.
struct Constraints {
  double min_weight = 0;                    ///< of each asset, -1 to 1
  double max_weight = 1;                    ///< of each asset, above 0, to 2
  std::optional<double> max_concentration;  ///< the largest weight in size, short ones included
  std::vector<GroupLimit> groups;
};

/// The weights that constraints allow, as rows of linear inequalities.
class Region {
 public:
  /// Code::invalid on field "constraints.min_weight", "constraints.max_weight" or
  /// "constraints.max_concentration" where one is out of its range.
  static Result<Region> make(std::span<const std::string> assets, const Constraints& constraints);

  /// The weights w that minimise w'Gw / 2 - a'w, G positive definite. Code::invalid on the first of
  /// the constraints that contradict each other; the message names a smallest set of them.
  Result<Vector> minimise(const Matrix& hessian, const Vector& linear) const;

  /// Equal weights where those are allowed, and else the nearest that are; errors likewise.
  Result<Vector> nearest_to_equal() const;

 private:
  struct Row {
    Vector normal;
    double bound;
    std::string constraint;  ///< e.g. "max_weight"
    std::string limit;       ///< e.g. "at most 0.3"
    std::string asset;       ///< empty where it is about several
  };

  Error contradiction(std::span<const std::size_t> rows) const;

  Eigen::Index assets_ = 0;
  std::vector<Row> rows_;  ///< the first: the weights sum to 1
};

}  // namespace ara::portfolio
