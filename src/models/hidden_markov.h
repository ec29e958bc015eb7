#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace ara::models {

/// A hidden Markov chain whose states speak in pairs of independent normal variates (Rabiner 1989,
/// A tutorial on hidden Markov models; Hamilton 1989 for time series of economies).
struct HiddenMarkov {
  static constexpr std::size_t kMost = 4;
  using Point = std::array<double, 2>;
  template <class T>
  using PerState = std::array<T, kMost>;

  /// What one state says: mean and standard deviation of each half of a point.
  struct Emission {
    Point mean{};
    Point sd{1, 1};
  };

  std::size_t states = 0;
  PerState<double> initial{};               ///< of the first point's state
  PerState<PerState<double>> transition{};  ///< from, to; rows sum to 1
  PerState<Emission> emission{};            ///< ascending in the mean of the second half
  PerState<double> visits{};                ///< expected number of points in each state
  double log_likelihood = 0;                ///< of the points fitted on

  /// Bayesian information criterion (Schwarz 1978): smaller is better.
  double bic(std::size_t points) const;

  /// One step of the filter, O(states^2): the probability of each state at `point` and before it,
  /// given those up to the point before; `first` where there was none.
  PerState<double> filtered(const PerState<double>& before, const Point& point, bool first) const;

  /// Mean length of a stay, 1 / (1 - p), in points; finite.
  double expected_duration(std::size_t state) const { return 1 / (1 - transition[state][state]); }
};

/// Estimates a chain of 3 or 4 states by expectation-maximisation (Baum, Petrie, Soules and Weiss
/// 1970), from a start that is determined by the points: states are shares of them in the order
/// of their second halves. One pseudo-count for each transition keeps every probability
/// positive, and no state's deviation falls below a twentieth of all points'. At least 20 points,
/// finite, neither half constant.
HiddenMarkov fit_hidden_markov(std::span<const HiddenMarkov::Point> points, std::size_t states);

/// With as many states, 3 or 4, as the Bayesian information criterion has it; the estimation of the
/// other is given up as soon as it is clearly behind.
HiddenMarkov fit_hidden_markov(std::span<const HiddenMarkov::Point> points);

}  // namespace ara::models
