#include "portfolio/performance.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "evaluation/inference.h"

namespace ara::portfolio {
namespace {

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// n log(p), 0 for n = 0 whatever p is.
double times_log(double n, double p) {
  return n == 0 ? 0 : n * std::log(p);
}

}  // namespace

Performance performance_of(std::span<const double> returns, double sessions_a_year) {
  const auto n = static_cast<double>(returns.size());
  const double mean = mean_of(returns);
  double squares = 0, losses = 0;
  double wealth = 1, peak = 1, drawdown = 0;
  for (const double r : returns) {
    squares += (r - mean) * (r - mean);
    if (r < 0) losses += r * r;
    wealth *= 1 + r;
    peak = std::max(peak, wealth);
    drawdown = std::max(drawdown, 1 - wealth / peak);
  }
  const double deviation = std::sqrt(squares / (n - 1));
  const double downside = std::sqrt(losses / n);
  const double root = std::sqrt(sessions_a_year);
  Performance found{.expected_return = mean * sessions_a_year,
                    .volatility = deviation * root,
                    .sharpe = {},
                    .sortino = {},
                    .max_drawdown = drawdown};
  if (deviation > 0) found.sharpe = mean / deviation * root;
  if (downside > 0) found.sortino = mean / downside * root;
  return found;
}

TailRisk empirical_tail(std::span<const double> outcomes) {
  std::vector<double> worst(outcomes.begin(), outcomes.end());
  const double share = kTail * static_cast<double>(worst.size());
  const auto whole = static_cast<std::size_t>(share);
  // The quantile is the return with at least 5 % of all at or below it.
  const std::size_t at = static_cast<double>(whole) == share && whole > 0 ? whole - 1 : whole;
  std::ranges::nth_element(worst, worst.begin() + static_cast<std::ptrdiff_t>(at));
  const double quantile = worst[at];
  const double below =
      std::accumulate(worst.begin(), worst.begin() + static_cast<std::ptrdiff_t>(at), 0.0);
  const double mean = (below + (share - static_cast<double>(at)) * quantile) / share;
  return {.var_95 = -quantile, .cvar_95 = -mean};
}

TailRisk tail_risk(std::span<const double> returns) {
  constexpr double kKeep = 0.94;
  double squares = 0;
  for (const double r : returns) squares += r * r;
  const double usual = squares / static_cast<double>(returns.size());
  if (usual == 0) return {};
  // Without the floor, the first move after a standstill would be infinitely many deviations.
  const auto deviation = [&](double variance) { return std::sqrt(std::max(variance, usual / 16)); };
  double variance = usual;
  std::vector<double> outcomes;
  outcomes.reserve(returns.size());
  for (const double r : returns) {
    outcomes.push_back(r / deviation(variance));
    variance = kKeep * variance + (1 - kKeep) * r * r;
  }
  for (double& outcome : outcomes) outcome *= deviation(variance);
  return empirical_tail(outcomes);
}

Kupiec kupiec(std::size_t violations, std::size_t observations, double probability) {
  Kupiec test{.observations = observations, .violations = violations};
  if (observations == 0) return test;
  const auto hits = static_cast<double>(violations);
  const auto misses = static_cast<double>(observations - violations);
  const double rate = hits / static_cast<double>(observations);
  const double null = times_log(hits, probability) + times_log(misses, 1 - probability);
  const double free = times_log(hits, rate) + times_log(misses, 1 - rate);
  test.statistic = std::max(0.0, 2 * (free - null));
  test.p_value = std::erfc(std::sqrt(test.statistic / 2));
  return test;
}

TailBacktest backtest_tail(std::span<const double> returns, std::size_t window) {
  std::vector<double> excesses;
  for (std::size_t t = window; t < returns.size(); ++t) {
    const TailRisk risk = tail_risk(returns.subspan(t - window, window));
    const double loss = -returns[t];
    if (loss > risk.var_95) excesses.push_back((loss - risk.cvar_95) / std::abs(risk.cvar_95));
  }
  TailBacktest test{.var = kupiec(excesses.size(), returns.size() - window), .cvar_p_value = {}};
  if (excesses.size() < 10) return test;
  const auto n = static_cast<double>(excesses.size());
  const double mean = mean_of(excesses);
  double squares = 0;
  for (const double e : excesses) squares += (e - mean) * (e - mean);
  if (squares == 0) return test;
  const double error = std::sqrt(squares / (n - 1) / n);
  test.cvar_p_value = evaluation::student_p_value(mean / error, n - 1);
  return test;
}

}  // namespace ara::portfolio
