#include "portfolio/choices.h"

namespace ara::portfolio {
namespace {

constexpr double kDelta = 2.5;  ///< the world's average risk aversion
constexpr double kTau = 0.05;   ///< how uncertain equilibrium returns are, in covariances

}  // namespace

Result<Choice> choose_black_litterman(const Task& task) {
  const Matrix prior = kTau * task.covariance;
  Vector means = kDelta * task.covariance * task.reference;
  Matrix covariance = task.covariance + prior;
  if (!task.views.empty()) {
    const auto n = means.size();
    const auto k = static_cast<Eigen::Index>(task.views.size());
    Matrix picks = Matrix::Zero(k, n);
    Vector stated(k);
    for (Eigen::Index i = 0; i < k; ++i) {
      const View& view = task.views[static_cast<std::size_t>(i)];
      picks(i, static_cast<Eigen::Index>(view.asset)) = 1;
      stated(i) = view.expected_return;
    }
    const Matrix spread = picks * prior * picks.transpose();
    const Matrix uncertainty = spread.diagonal().asDiagonal();
    const Eigen::LLT<Matrix> total(spread + uncertainty);
    const Matrix gain = total.solve(picks * prior).transpose();
    means += gain * (stated - picks * means);
    covariance -= gain * picks * prior;
  }
  auto weights = task.region.minimise(task.tolerance.risk_aversion * covariance, means);
  if (!weights) return std::unexpected(std::move(weights.error()));
  return Choice{std::move(*weights), std::move(means)};
}

}  // namespace ara::portfolio
