#include "portfolio/choices.h"

namespace ara::portfolio {

Result<Choice> choose_mpt(const Task& task) {
  Vector means = viewed_means(task);
  auto weights = task.region.minimise(task.tolerance.risk_aversion * task.covariance, means);
  if (!weights) return std::unexpected(std::move(weights.error()));
  return Choice{std::move(*weights), std::move(means)};
}

}  // namespace ara::portfolio
