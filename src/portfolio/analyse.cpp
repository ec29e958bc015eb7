#include "portfolio/analyse.h"

#include <algorithm>
#include <cmath>

namespace ara::portfolio {
namespace {

/// Fisher's z of a correlation, kept finite.
double fisher(double correlation) {
  return std::atanh(std::clamp(correlation, -1 + 1e-12, 1 - 1e-12));
}

}  // namespace

Analysis analyse(const History& history, const Vector& weights) {
  const std::vector<double> together = history.of_portfolio(weights);
  const Matrix x = history.returns.rowwise() - history.returns.colwise().mean();
  const Vector covariance = x.transpose() * (x * weights);  // of each asset with the portfolio
  const double variance = weights.dot(covariance);
  Analysis analysis{.performance = performance_of(together, history.sessions_a_year),
                    .tail = tail_risk(together),
                    .correlation = correlations(history.returns),
                    .risk_contribution = Vector::Zero(weights.size())};
  if (variance > 0) analysis.risk_contribution = weights.cwiseProduct(covariance) / variance;
  return analysis;
}

Rebalancing rebalance(std::span<const Holding> holdings, double value) {
  Rebalancing plan;
  double traded = 0;
  for (const Holding& holding : holdings) {
    const double change = (holding.target_weight - holding.current_weight) * value;
    if (change == 0) continue;
    plan.trades.push_back({.symbol = holding.symbol,
                           .buy = change > 0,
                           .quantity = std::abs(change) / holding.price,
                           .price = holding.price,
                           .target_weight = holding.target_weight,
                           .current_weight = holding.current_weight,
                           .value = std::abs(change)});
    traded += std::abs(change);
  }
  std::ranges::stable_sort(plan.trades, [](const Trade& a, const Trade& b) {
    return a.buy != b.buy ? b.buy : a.value > b.value;
  });
  plan.transaction_cost = traded * Rebalancing::kCost;
  plan.slippage = traded * Rebalancing::kSlippage;
  return plan;
}

std::vector<Pair> pairs_of(const History& history) {
  constexpr auto kRolling = static_cast<Eigen::Index>(Pair::kRolling);
  constexpr double kOnePercent = 2.5758293035489004;  // two-sided, of the normal distribution
  const auto count = history.returns.rows();
  const bool comparable = count >= 2 * kRolling;
  const Matrix whole = correlations(history.returns);
  const Matrix newest = correlations(history.returns.bottomRows(std::min(count, kRolling)));
  const Matrix earlier =
      correlations(history.returns.topRows(std::max(count - kRolling, kRolling)));
  const double error = comparable ? std::sqrt(1 / static_cast<double>(kRolling - 3) +
                                              1 / static_cast<double>(count - kRolling - 3))
                                  : 0;
  std::vector<Pair> pairs;
  for (Eigen::Index i = 0; i < whole.rows(); ++i) {
    for (Eigen::Index j = i + 1; j < whole.rows(); ++j) {
      const double change = std::abs(fisher(newest(i, j)) - fisher(earlier(i, j)));
      // Where an asset stood still there is no correlation; comparing NaN gives false.
      const bool moved = std::isfinite(newest(i, j));
      pairs.push_back({.first = static_cast<std::size_t>(i),
                       .second = static_cast<std::size_t>(j),
                       .correlation = whole(i, j),
                       .rolling = moved ? std::optional(newest(i, j)) : std::nullopt,
                       .breakdown = comparable && change > kOnePercent * error});
    }
  }
  return pairs;
}

}  // namespace ara::portfolio
