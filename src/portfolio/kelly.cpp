#include <cmath>

#include "portfolio/choices.h"

namespace ara::portfolio {
namespace {

/// Utility of constant relative risk aversion over the sessions of a sample.
class Growth {
 public:
  Growth(Matrix returns, double aversion) : returns_(std::move(returns)), aversion_(aversion) {}

  /// Its mean; nothing where some session would lose everything.
  std::optional<double> at(const Vector& weights) const {
    const Eigen::ArrayXd wealth = 1 + (returns_ * weights).array();
    if (wealth.minCoeff() <= 0) return std::nullopt;
    if (aversion_ == 1) return wealth.log().mean();
    return wealth.pow(1 - aversion_).mean() / (1 - aversion_);
  }
  Vector gradient(const Vector& weights) const {
    const Eigen::ArrayXd wealth = 1 + (returns_ * weights).array();
    return returns_.transpose() * wealth.pow(-aversion_).matrix() / sessions();
  }
  /// Of minus the utility: positive definite.
  Matrix curvature(const Vector& weights) const {
    const Eigen::ArrayXd wealth = 1 + (returns_ * weights).array();
    const Vector bend = aversion_ * wealth.pow(-aversion_ - 1).matrix();
    return returns_.transpose() * bend.asDiagonal() * returns_ / sessions();
  }

 private:
  double sessions() const { return static_cast<double>(returns_.rows()); }

  Matrix returns_;
  double aversion_;
};

}  // namespace

Result<Choice> choose_kelly(const Task& task) {
  constexpr int kSteps = 100;
  Vector means = viewed_means(task);
  Matrix returns = task.history.returns;
  returns.rowwise() += ((means - task.means) / task.history.sessions_a_year).transpose();
  const Growth growth(std::move(returns), 1 / task.tolerance.kelly_fraction);

  auto start = task.region.nearest_to_equal();
  if (!start) return std::unexpected(std::move(start.error()));
  Vector weights = std::move(*start);
  auto value = growth.at(weights);
  if (!value) {
    return invalid("constraints.min_weight", "",
                   "weights that do not lose everything in a session");
  }
  for (int step = 0; step < kSteps; ++step) {
    const Matrix curvature = growth.curvature(weights);
    const Vector gradient = growth.gradient(weights);
    const auto target = task.region.minimise(curvature, gradient + curvature * weights);
    if (!target) return std::unexpected(target.error());
    const Vector way = *target - weights;
    const double slope = gradient.dot(way);
    double part = 1;
    auto reached = growth.at(weights + part * way);
    // Armijo's rule; the region is convex, so every part of the way is allowed.
    while (part > 1e-12 && (!reached || *reached < *value + 1e-4 * part * slope)) {
      part /= 2;
      reached = growth.at(weights + part * way);
    }
    if (!reached || part <= 1e-12) break;  // as good as rounding lets it be
    weights += part * way;
    value = reached;
    if (way.cwiseAbs().maxCoeff() < 1e-12) break;
  }
  return Choice{std::move(weights), std::move(means)};
}

}  // namespace ara::portfolio
