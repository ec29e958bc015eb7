#include "backtest/strategy.h"

#include <algorithm>
#include <array>
#include <string>

namespace ara::backtest {
namespace {

double hold(const Outlook&) {
  return 1;
}

double rise(const Outlook& outlook) {
  return outlook.change.probability_below(0) < 0.5 ? 1 : 0;
}

double steady(const Outlook& outlook) {
  if (outlook.annual_volatility <= outlook.target_volatility) return 1;
  return outlook.target_volatility / outlook.annual_volatility;
}

constexpr std::array kStrategies{
    StrategyRow{"buy_and_hold", "All capital in the symbol from the first session on", hold},
    StrategyRow{"long_flat",
                "All capital in the symbol where a rise is more probable than not, else none",
                rise},
    StrategyRow{"volatility_target",
                "Target volatility over forecast volatility, at most all capital (Moreira and Muir "
                "2017, Volatility-managed portfolios, without leverage)",
                steady},
};

}  // namespace

std::span<const StrategyRow> strategies() {
  return kStrategies;
}

Result<const StrategyRow*> find_strategy(std::string_view name) {
  const auto found = std::ranges::find(kStrategies, name, &StrategyRow::name);
  if (found != kStrategies.end()) return &*found;
  std::string allowed = "one of";
  for (const StrategyRow& row : kStrategies) {
    allowed += (&row == kStrategies.data() ? " " : ", ") + std::string(row.name);
  }
  return invalid("strategy", name, allowed);
}

}  // namespace ara::backtest
