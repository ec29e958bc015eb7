#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "domain/quantile_function.h"

/// Walk-forward backtests of one symbol; pure. Begin with backtest.h.
namespace ara::backtest {

/// What a strategy decides on: the forecast of the next session, made from the bars before it.
struct Outlook {
  const domain::QuantileFunction& change;  ///< log return from the last close to the next
  double annual_volatility = 0;            ///< standard deviation of the change, annualised
  double target_volatility = 0;            ///< a year's, which the plan names
};

/// A row of the table of strategies.
struct StrategyRow {
  std::string_view name;  ///< on the wire
  std::string_view rule;  ///< one sentence for people
  /// The part of the capital to hold in the symbol through the next session, from 0 to 1.
  double (*weight)(const Outlook& outlook);
};

/// All of them, the default first.
std::span<const StrategyRow> strategies();
/// By name; the error lists the names, on field "strategy".
Result<const StrategyRow*> find_strategy(std::string_view name);

}  // namespace ara::backtest
