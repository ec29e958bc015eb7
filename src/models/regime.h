#pragma once

#include <optional>
#include <string>

#include "models/hidden_markov.h"
#include "models/model.h"

namespace ara::models {

/// A market's regimes: a hidden Markov chain of 3 or 4 states, as BIC has it, on the change of each
/// session and the logarithm of the week's volatility. Logarithms of range-based volatility are
/// close to normal (Alizadeh, Brandt and Diebold 2002, Range-based estimation of stochastic
/// volatility models), which is what lets a state be a normal distribution.
///
/// As a model: `advance` moves the filter, folding it over bars gives what the fit gives, bit for
/// bit, and a state sees no bar later than its own. States are ascending in volatility.
class Regime {
 public:
  static constexpr std::size_t kLeast = 252;  ///< bars to fit on

  /// Code::invalid on field "bars" where there are fewer, or "close" where the series does not move
  /// or its volatility never changes.
  static Result<Regime> fit(const Sample& sample, domain::Scale scale);

  /// Takes the next bar, in O(states^2).
  void advance(const Observation& seen);

  /// The same chain, before the first bar.
  Regime restarted() const;

  const HiddenMarkov& chain() const { return chain_; }
  /// What a state's numbers say of it: low_, normal_, high_ or extreme_volatility, in front of it
  /// bull_ or bear_ where its mean change differs from 0 at 5 % over all states (Bonferroni).
  const std::string& label(std::size_t state) const { return labels_[state]; }

  /// Probability of each state at the newest bar, given the bars up to it.
  const HiddenMarkov::PerState<double>& probabilities() const { return probability_; }
  std::size_t current() const { return current_; }  ///< the most probable
  /// Bars in a row, the newest included, for which the current state has been the most probable.
  std::size_t duration() const { return duration_; }
  /// The probability that the state, whichever it is, does not change over the next bars.
  double staying(int bars) const;

 private:
  explicit Regime(domain::Scale scale) : scale_(scale) {}
  /// The newest point for the chain; nothing while the first week is not over.
  std::optional<HiddenMarkov::Point> observe(const Observation& seen);
  void name_states();

  static constexpr std::size_t kWeek = 5;

  domain::Scale scale_;
  HiddenMarkov chain_;
  HiddenMarkov::PerState<std::string> labels_;
  double least_variance_ = 0;  ///< of a week: a tick in a series that stood still

  std::array<double, kWeek> variances_{};  ///< of the newest sessions, a ring
  std::size_t seen_ = 0;                   ///< bars
  double last_ = 0;                        ///< value of the newest
  HiddenMarkov::PerState<double> probability_{};
  std::size_t current_ = 0;
  std::size_t duration_ = 0;
};

}  // namespace ara::models
