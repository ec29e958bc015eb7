#include <cmath>

#include "portfolio/choices.h"

namespace ara::portfolio {
namespace {

/// Weights, in units of one over each asset's deviation, that bear equal parts of the variance of
/// `correlation`. Coordinate descent on a strictly convex function converges; what is left after a
/// sweep shrinks by a constant factor.
Vector equal_risk(const Matrix& correlation) {
  constexpr int kSweeps = 10'000;
  const auto n = correlation.rows();
  const double budget = 1 / static_cast<double>(n);
  Vector x = Vector::Constant(n, 1 / std::sqrt(correlation.sum()));
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    double moved = 0;
    for (Eigen::Index i = 0; i < n; ++i) {
      const double rest = correlation.row(i).dot(x) - x(i);
      const double best = (std::sqrt(rest * rest + 4 * budget) - rest) / 2;
      moved = std::max(moved, std::abs(best - x(i)));
      x(i) = best;
    }
    if (moved < 1e-14) break;
  }
  return x;
}

}  // namespace

Result<Choice> choose_risk_parity(const Task& task) {
  const Vector scale = task.covariance.diagonal().cwiseSqrt().cwiseInverse();
  Matrix correlation = scale.asDiagonal() * task.covariance * scale.asDiagonal();
  correlation.diagonal().setOnes();
  Vector parity = scale.cwiseProduct(equal_risk(correlation));
  parity /= parity.sum();
  auto weights = task.region.minimise(task.covariance, task.covariance * parity);
  if (!weights) return std::unexpected(std::move(weights.error()));
  return Choice{std::move(*weights), viewed_means(task)};
}

}  // namespace ara::portfolio
