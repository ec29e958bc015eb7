#include "portfolio/optimise.h"

#include <cmath>

namespace ara::portfolio {

Result<Optimum> optimise(const History& history, const Order& order) {
  const auto covariance = shrunk_covariance(history);
  if (!covariance) return std::unexpected(covariance.error());
  const auto region = Region::make(history.assets, order.constraints);
  if (!region) return std::unexpected(region.error());
  const auto n = history.returns.cols();
  const Vector reference =
      order.reference.value_or(Vector::Constant(n, 1 / static_cast<double>(n)));
  const Vector means = annual_means(history);
  const auto choice = order.method->choose({.history = history,
                                            .covariance = covariance->matrix,
                                            .means = means,
                                            .region = *region,
                                            .tolerance = *order.tolerance,
                                            .views = order.views,
                                            .reference = reference});
  if (!choice) return std::unexpected(choice.error());

  const Vector& weights = choice->weights;
  Optimum optimum{.weights = weights,
                  .expected_return = choice->means.dot(weights),
                  .volatility = std::sqrt(weights.dot(covariance->matrix * weights)),
                  .sharpe = {},
                  .tail = tail_risk(history.of_portfolio(weights)),
                  .shrinkage = covariance->shrinkage};
  if (optimum.volatility > 0) optimum.sharpe = optimum.expected_return / optimum.volatility;
  return optimum;
}

}  // namespace ara::portfolio
