#pragma once

#include <vector>

#include "backtest/backtest.h"

namespace ara::backtest {

/// The forecast of one session.
struct Step {
  std::size_t bar = 0;              ///< index of the session's bar
  domain::QuantileFunction change;  ///< log return from the bar before it
  double annual_volatility = 0;
};

/// The forecasts of the bars `first` to `last`, each from the bars before it; `first` has
/// plan.window bars before it.
Result<std::vector<Step>> forecast_sessions(const Plan& plan, const models::ModelRow& model,
                                            const domain::Series& series, std::size_t first,
                                            std::size_t last, const Progress& progress);

/// Weights this close to what is wanted are left alone: trading them costs more than it mends.
inline constexpr double kBand = 0.05;

/// Capital and costs of a strategy, session by session.
struct Ledger {
  std::vector<double> returns;  ///< simple, one a session, after costs
  std::vector<double> capital;  ///< at each close
  std::vector<double> weight;   ///< in the symbol at each close
  std::vector<bool> held;       ///< whether there was a position in the session
  std::size_t trades = 0;
  double costs = 0;
};

/// Trades `strategy` on the forecasts.
Ledger trade(const Plan& plan, const StrategyRow& strategy, const domain::Series& series,
             std::span<const Step> steps);

}  // namespace ara::backtest
