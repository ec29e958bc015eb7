#pragma once

#include <cmath>

namespace ara::models {

/// The real line drawn into (0, 1): how a bounded parameter is searched for without bounds.
inline double logistic(double x) {
  return 1 / (1 + std::exp(-x));
}

/// And back.
inline double logit(double p) {
  return std::log(p / (1 - p));
}

}  // namespace ara::models
