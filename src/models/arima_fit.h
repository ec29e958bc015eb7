#pragma once

#include <cmath>
#include <span>
#include <vector>

#include "models/arima_filter.h"

namespace ara::models {

/// Estimates are kept stationary and invertible: every root further from the origin than this.
inline constexpr double kRootsBeyond = 1.01;

/// An ARIMA model with its parameters.
struct ArimaFit {
  ArimaOrder order;
  ArimaCoefficients coefficients;
  double mean = 0;            ///< of the differenced series; 0 without a constant
  double variance = 0;        ///< of e: the sum of squares over n - parameters + 1
  double log_likelihood = 0;  ///< exact, Gaussian, of the differenced series
  double aicc = INFINITY;     ///< Akaike's criterion, corrected (Hurvich and Tsai 1989)
};

/// (1-B)^d (1-B^m)^D y, shorter than y by d + D m.
std::vector<double> differenced(std::span<const double> values, int d, int D, int m);

/// Fits models of different orders to one differenced series.
class ArimaEstimator {
 public:
  /// `differenced` is not constant.
  explicit ArimaEstimator(std::span<const double> differenced);

  std::size_t size() const { return centred_.size(); }

  /// Conditional least squares (Box and Jenkins 1970, section 7.1) from the better of two starts:
  /// `near`, the coefficients of a like model, and the regression of Hannan and Rissanen (1982).
  /// Its likelihood is the exact one at those coefficients. Nothing where none can be computed.
  std::optional<ArimaFit> conditional(const ArimaOrder& order, const ArimaCoefficients& near) const;

  /// Maximum of the exact likelihood, sought from `from` on in `rounds` steps of Gauss-Newton at
  /// most, the constant being profiled out.
  std::optional<ArimaFit> exact(const ArimaFit& from, int rounds = 20) const;

 private:
  std::span<const double> values(const ArimaOrder& order) const {
    return order.constant ? centred_ : raw_;
  }
  std::optional<ArimaFit> scored(const ArimaOrder& order, const ArimaCoefficients& at) const;

  double centre_ = 0;
  double scale_ = 1;
  std::vector<double> centred_;  ///< less the centre, over the scale
  std::vector<double> raw_;      ///< over the scale
  std::vector<double> errors_;   ///< of a long autoregression of centred_
};

}  // namespace ara::models
