#include "backtest/walk.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "base/format.h"
#include "models/model.h"
#include "models/premium.h"

namespace ara::backtest {
namespace {

using domain::Bar;

Result<std::unique_ptr<models::Model>> fit_on(const models::ModelRow& row,
                                              std::span<const Bar> bars, domain::AssetType type) {
  models::Setting setting{.premium = models::premium_of(type)};
  for (const Bar& bar : bars) setting.seed += domain::content_of(bar);
  return models::fit(row, bars, setting);
}

/// Open and close in adjusted terms, so that a dividend or split is no loss.
struct Prices {
  double before;               ///< close of the session before
  std::optional<double> open;  ///< where the source has one
  double close;
};

Prices prices_at(const domain::Series& series, std::size_t bar) {
  const Bar& now = series.bars[bar];
  Prices prices{domain::value_close(series.bars[bar - 1]), {}, domain::value_close(now)};
  const double open = now.open * (prices.close / now.close);
  if (std::isfinite(open) && open > 0) prices.open = open;
  return prices;
}

/// Cash and what is held of the symbol, both in the quote currency.
class Account {
 public:
  Account(const Plan& plan, Ledger& ledger)
      : cost_((plan.cost_bps + plan.slippage_bps) / 10'000),
        cash_(plan.initial_capital),
        ledger_(&ledger) {}

  double capital() const { return cash_ + held_; }
  double weight() const { return held_ == 0 ? 0 : held_ / capital(); }
  void move(double factor) { held_ *= factor; }

  void trade(double target) {
    if (target == weight()) return;
    if (target > 0 && std::abs(target - weight()) <= kBand) return;
    const double total = capital();
    // What is bought leaves room for its own costs, so that cash never falls below 0.
    const double wanted = target > weight()
                              ? (target * total + target * cost_ * held_) / (1 + target * cost_)
                              : target * total;
    const double traded = std::abs(wanted - held_);
    cash_ -= wanted - held_ + traded * cost_;
    held_ = wanted;
    ledger_->costs += traded * cost_;
    ++ledger_->trades;
  }

 private:
  double cost_;
  double cash_;
  double held_ = 0;
  Ledger* ledger_;
};

}  // namespace

Result<std::vector<Step>> forecast_sessions(const Plan& plan, const models::ModelRow& model,
                                            const domain::Series& series, std::size_t first,
                                            std::size_t last, const Progress& progress) {
  const std::span<const Bar> bars = series.bars;
  const double root = std::sqrt(domain::describe(series.asset_type).days_per_year);
  std::vector<Step> steps;
  std::unique_ptr<models::Model> fitted;
  for (std::size_t bar = first; bar <= last; ++bar) {
    if ((bar - first) % plan.retraining == 0) {
      if (progress) {
        const double part =
            static_cast<double>(bar - first) / static_cast<double>(last - first + 1);
        const std::string message =
            ara::format("at {}", domain::to_iso(domain::date_of(bars[bar].time)));
        if (auto go_on = progress(part, message); !go_on) return std::unexpected(go_on.error());
      }
      auto fresh = fit_on(model, bars.subspan(bar - plan.window, plan.window), series.asset_type);
      if (!fresh) return std::unexpected(std::move(fresh.error()));
      fitted = std::move(*fresh);
    } else if (auto moved = fitted->update(bars[bar - 1]); !moved) {
      return std::unexpected(std::move(moved.error()));
    }
    const models::Path path = fitted->forecast(1);
    steps.push_back({bar, path.change[0], path.sd[0] * root});
  }
  return steps;
}

Ledger trade(const Plan& plan, const StrategyRow& strategy, const domain::Series& series,
             std::span<const Step> steps) {
  Ledger ledger;
  Account account(plan, ledger);
  for (const Step& step : steps) {
    const double target =
        strategy.weight({step.change, step.annual_volatility, plan.target_volatility});
    const Prices prices = prices_at(series, step.bar);
    const double before = account.capital();
    bool held = account.weight() > 0;
    if (prices.open) {
      account.move(*prices.open / prices.before);
      account.trade(target);
      held = held || account.weight() > 0;
      account.move(prices.close / *prices.open);
    } else {
      account.move(prices.close / prices.before);
      account.trade(target);
    }
    ledger.returns.push_back(account.capital() / before - 1);
    ledger.capital.push_back(account.capital());
    ledger.weight.push_back(account.weight());
    ledger.held.push_back(held);
  }
  return ledger;
}

}  // namespace ara::backtest
