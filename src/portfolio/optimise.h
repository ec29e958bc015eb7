#pragma once

#include <optional>
#include <span>
#include <vector>

#include "portfolio/method.h"
#include "portfolio/performance.h"

namespace ara::portfolio {

/// What to optimise, the assets being those of a history.
struct Order {
  const MethodRow* method = &methods().front();
  const Tolerance* tolerance = &tolerances().front();
  Constraints constraints;
  std::vector<View> views;          ///< at most one for each asset
  std::optional<Vector> reference;  ///< Black-Litterman's market portfolio; absent: equal weights
};

struct Optimum {
  Vector weights;
  double expected_return = 0;  ///< a year's, by the means that the method goes by
  double volatility = 0;       ///< a year's, by the shrunk covariance
  std::optional<double> sharpe;
  TailRisk tail;  ///< of the session after the history
  double shrinkage = 0;
};

/// Errors as shrunk_covariance, Region::make and the method.
Result<Optimum> optimise(const History& history, const Order& order);

}  // namespace ara::portfolio
