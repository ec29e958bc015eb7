#pragma once

#include <optional>
#include <span>

namespace ara::portfolio {

/// How a sequence of simple returns did. Annual figures are per-session ones times the sessions a
/// year, or their square root; the risk-free rate is 0.
struct Performance {
  double expected_return = 0;     ///< arithmetic mean, a year
  double volatility = 0;          ///< standard deviation (n - 1), a year
  std::optional<double> sharpe;   ///< Sharpe 1994: mean over standard deviation; absent where 0
  std::optional<double> sortino;  ///< Sortino and Price 1994: over the root mean square of losses
  double max_drawdown = 0;        ///< largest part lost from a peak, compounded: 0.2 is 20 %
};

/// Of at least two returns.
Performance performance_of(std::span<const double> returns, double sessions_a_year);

/// The loss that a session exceeds with probability 5 %, and the mean of those losses; both as
/// parts of the value, positive for a loss.
struct TailRisk {
  double var_95 = 0;
  double cvar_95 = 0;
};

inline constexpr double kTail = 0.05;

/// Of a sample of outcomes: its own quantile, and its expected shortfall with the quantile's atom
/// split (Rockafellar and Uryasev 2002, Conditional value-at-risk for general loss distributions,
/// proposition 8), so that cvar_95 >= var_95. At least one.
TailRisk empirical_tail(std::span<const double> outcomes);

/// Of the session after `returns`, by historical simulation with each return scaled from the
/// volatility of its own session to that of the next (Hull and White 1998, Incorporating volatility
/// updating into the historical simulation method for value-at-risk); volatilities are
/// exponentially weighted with 0.94 (RiskMetrics 1996), none below a quarter of the sample's. At
/// least one return.
TailRisk tail_risk(std::span<const double> returns);

/// Whether losses exceeded a value at risk about as often as they should.
struct Kupiec {
  std::size_t observations = 0;
  std::size_t violations = 0;
  double statistic = 0;  ///< likelihood ratio, chi-squared with one degree of freedom
  double p_value = 1;    ///< small: the value at risk is wrong
};

/// The test of unconditional coverage (Kupiec 1995, Techniques for verifying the accuracy of risk
/// measurement models): `violations` of `observations`, each with `probability`, within (0, 1).
Kupiec kupiec(std::size_t violations, std::size_t observations, double probability = kTail);

/// A walk over `returns`: at each, the tail risk of the `window` before it is held against it.
struct TailBacktest {
  Kupiec var;
  /// Of a t test that the excess of the violating losses over cvar_95, in units of it, has mean 0
  /// (McNeil and Frey 2000, Estimation of tail-related risk measures, section 3.2); two-sided;
  /// absent below ten violations.
  std::optional<double> cvar_p_value;
};

/// `returns` is longer than `window`, which is at least 1.
TailBacktest backtest_tail(std::span<const double> returns, std::size_t window);

}  // namespace ara::portfolio
