#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>

#include "models/triangular.h"

namespace ara::models {

/// Non-linear least squares in up to N parameters, the first `count` of each array being in use.
template <std::size_t N>
struct NormalEquations {
  std::array<std::array<double, N>, N> squares{};  ///< J'J, its lower triangle
  std::array<double, N> descent{};                 ///< -J'r: minus half the gradient
};

/// The solution x of (J'J + damping diag(J'J)) x = descent by Cholesky's decomposition; nothing
/// where the matrix is not positive definite.
template <std::size_t N>
std::optional<std::array<double, N>> solve(const NormalEquations<N>& equations, std::size_t count,
                                           double damping) {
  auto l = equations.squares;
  auto x = equations.descent;
  for (std::size_t j = 0; j < count; ++j) {
    double pivot = l[j][j] * (1 + damping);
    const double least = 1e-14 * pivot;
    for (std::size_t k = 0; k < j; ++k) pivot -= l[j][k] * l[j][k];
    if (!(pivot > least)) return std::nullopt;
    l[j][j] = std::sqrt(pivot);
    for (std::size_t i = j + 1; i < count; ++i) {
      double sum = l[i][j];
      for (std::size_t k = 0; k < j; ++k) sum -= l[i][k] * l[j][k];
      l[i][j] = sum / l[j][j];
    }
  }
  solve_factored([&](std::size_t i, std::size_t k) { return l[i][k]; }, x, count);
  return x;
}

/// By how much a linear model says that the sum of squares falls.
template <std::size_t N>
double promised(const NormalEquations<N>& equations, const std::array<double, N>& step,
                std::size_t count) {
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) {
    double curved = equations.squares[i][i] * step[i];
    for (std::size_t j = 0; j < i; ++j) curved += 2 * equations.squares[i][j] * step[j];
    sum += step[i] * (2 * equations.descent[i] - curved);
  }
  return sum;
}

/// Minimises a sum of squares from `at` by the method of Levenberg and Marquardt (Nocedal and
/// Wright 2006, section 10.3), until an undamped step gains less than the fraction `tolerance`,
/// none gains or `rounds` are over; gives the least sum. `problem` has
///   array allowed(at)                   the point itself, or one near it that is allowed
///   optional<double> squares(at)        nothing where it cannot be computed
///   NormalEquations<N> linearised(at)
template <std::size_t N, class Problem>
std::optional<double> least_squares(Problem& problem, std::array<double, N>& at, std::size_t count,
                                    int rounds, double tolerance) {
  std::optional<double> least = problem.squares(at);
  if (!least || count == 0) return least;
  double damping = 1e-4;
  for (int round = 0; round < rounds; ++round) {
    const NormalEquations<N> equations = problem.linearised(at);
    bool better = false, done = false;
    for (int tries = 0; tries < 8 && !better; ++tries) {
      double kept = 0;  // the part of the promise that came true
      if (auto step = solve(equations, count, damping)) {
        auto tried = at;
        for (std::size_t i = 0; i < count; ++i) tried[i] += (*step)[i];
        tried = problem.allowed(tried);
        for (std::size_t i = 0; i < count; ++i) (*step)[i] = tried[i] - at[i];
        const auto found = problem.squares(tried);
        if (found && *found < *least) {
          better = true;
          done = *least - *found <= tolerance * *least && damping <= 1e-2;
          kept = (*least - *found) / promised(equations, *step, count);
          least = found;
          at = tried;
        }
      }
      if (kept > 0.75) {
        damping = std::max(1e-8, damping * 0.1);
      } else if (kept < 0.25) {
        damping = std::max(damping * 8, 1e-3);
      }
    }
    if (!better || done) break;
  }
  return least;
}

}  // namespace ara::models
