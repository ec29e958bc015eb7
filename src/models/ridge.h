#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "models/triangular.h"

namespace ara::models {

/// A least-squares regression whose rows are taken one by one, and its solution with
/// shrinkage (ridge regression; Hoerl and Kennard 1970).
class Ridge {
 public:
  explicit Ridge(std::size_t columns)
      : columns_(columns), products_(columns * columns), targets_(columns) {}

  void add(std::span<const double> row, double target) {
    for (std::size_t i = 0; i < columns_; ++i) {
      targets_[i] += row[i] * target;
      for (std::size_t j = 0; j <= i; ++j) products_[i * columns_ + j] += row[i] * row[j];
    }
  }

  /// argmin |target - X b|^2 + sum over i of penalty_i b_i^2, by Cholesky decomposition; empty
  /// where the matrix is not positive definite.
  std::vector<double> solve(std::span<const double> penalty) const {
    std::vector<double> lower = products_;
    std::vector<double> x = targets_;
    const auto at = [&](std::size_t i, std::size_t j) -> double& {
      return lower[i * columns_ + j];
    };
    for (std::size_t i = 0; i < columns_; ++i) {
      at(i, i) += penalty[i];
      for (std::size_t j = 0; j <= i; ++j) {
        double sum = at(i, j);
        for (std::size_t k = 0; k < j; ++k) sum -= at(i, k) * at(j, k);
        if (j < i) {
          at(i, j) = sum / at(j, j);
        } else if (sum > 0) {
          at(i, i) = std::sqrt(sum);
        } else {
          return {};
        }
      }
    }
    solve_factored(at, x, columns_);
    return x;
  }

  /// Sum of squares of column i.
  double square(std::size_t i) const { return products_[i * columns_ + i]; }

 private:
  std::size_t columns_;
  std::vector<double> products_;  ///< X'X, row by row, the lower triangle
  std::vector<double> targets_;   ///< X'y
};

}  // namespace ara::models
