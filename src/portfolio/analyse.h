#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "portfolio/history.h"
#include "portfolio/performance.h"

namespace ara::portfolio {

/// What a portfolio with these weights, restored before each session, would have done.
struct Analysis {
  Performance performance;
  TailRisk tail;  ///< of the next session
  Matrix correlation;
  Vector risk_contribution;  ///< parts of the variance, summing to 1
};

/// `weights` in the order of history.assets.
Analysis analyse(const History& history, const Vector& weights);

/// A purchase (quantity > 0 with buy) or sale that moves a portfolio to its target.
struct Trade {
  std::string symbol;
  bool buy = false;
  double quantity = 0;  ///< units, above 0; fractions are allowed
  double price = 0;
  double target_weight = 0;
  double current_weight = 0;
  double value = 0;  ///< of the trade, above 0
};

/// A symbol of a portfolio as it is and as it should be.
struct Holding {
  std::string symbol;
  double current_weight = 0;
  double target_weight = 0;
  double price = 0;  ///< above 0
};

struct Rebalancing {
  static constexpr double kCost = 0.001;       ///< of the value traded
  static constexpr double kSlippage = 0.0005;  ///< likewise

  std::vector<Trade> trades;  ///< sales first, as they pay for purchases; larger ones first
  double transaction_cost = 0;
  double slippage = 0;
};

/// The trades that turn the current weights of a portfolio worth `value` into the target ones.
Rebalancing rebalance(std::span<const Holding> holdings, double value);

/// Two assets and how they move together.
struct Pair {
  std::size_t first = 0;
  std::size_t second = 0;
  double correlation = 0;         ///< over the whole history
  std::optional<double> rolling;  ///< over its newest kRolling sessions, if both moved in them
  /// Whether the newest kRolling sessions differ from those before at 1 %: by Fisher's z (Fisher
  /// 1921, On the probable error of a coefficient of correlation); false where there are fewer than
  /// kRolling before.
  bool breakdown = false;

  static constexpr std::size_t kRolling = 60;
};

/// All pairs, in the order of history.assets.
std::vector<Pair> pairs_of(const History& history);

}  // namespace ara::portfolio
