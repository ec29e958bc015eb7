#pragma once

#include <span>

namespace ara::models {

/// GARCH(1,1) with a constant mean and standardised Student-t errors (Bollerslev 1987), and with
/// the leverage term of Glosten, Jagannathan and Runkle 1993 where gamma is not 0:
///   r(t) = mu + e(t), e(t) = sqrt(h(t)) z(t), z ~ t(nu) scaled to variance 1,
///   h(t+1) = omega + (alpha + gamma [e(t) < 0]) e(t)^2 + beta h(t),
/// started as Fiorentini, Calzolari and Panattoni 1996 do, with the mean of e^2 in the place of
/// both e(0)^2 and h(0). Units are those of the returns (omega: their square).
struct GarchT {
  double mu = 0;
  double omega = 0;
  double alpha = 0;
  double beta = 0;
  double nu = 0;  ///< degrees of freedom, 2.1 to 1002
  double gamma = 0;
  double first_variance = 0;  ///< h(1)

  /// Of the expected variance, where as many shocks fall as rise.
  double persistence() const { return alpha + 0.5 * gamma + beta; }

  double next_variance(double h, double r) const {
    const double square = (r - mu) * (r - mu);
    return omega + (r < mu ? alpha + gamma : alpha) * square + beta * h;
  }
};

/// h(1) as above, for a model without one.
double first_variance_of(const GarchT& model, std::span<const double> returns);

/// The sum of the log densities of the returns.
double log_likelihood(const GarchT& model, std::span<const double> returns);

enum class Leverage { none, gjr };

/// Maximum likelihood with a persistence below 0.9999 (finite variance, so that forecasts have one)
/// and, for Leverage::gjr, gamma of at most twice the mean of what falls and rises add: BFGS on the
/// exact gradient, from the best of a few starting points. Returns that do not vary (to rounding,
/// given that they are differences of values of size up to `size`) give a model without variance:
/// omega, alpha, gamma, beta and h all 0. At least 20 returns.
GarchT fit_garch_t(std::span<const double> returns, double size,
                   Leverage leverage = Leverage::none);

}  // namespace ara::models
