#pragma once

#include <Eigen/Dense>

/// Portfolios: covariances, weights, risk; pure. Begin with optimise.h and analyse.h.
namespace ara::portfolio {

using Vector = Eigen::VectorXd;
using Matrix = Eigen::MatrixXd;

}  // namespace ara::portfolio
