#include "backtest/backtest.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "support/garch_bars.h"

namespace ara::backtest {
namespace {

/// 800 bars with opens between the closes.
domain::Series series(std::size_t count = 800) {
  domain::Series made{.symbol = domain::Symbol::parse("TEST").value(),
                      .bars = support::garch_bars(count)};
  for (std::size_t i = 1; i < made.bars.size(); ++i) {
    made.bars[i].open = std::sqrt(made.bars[i].close * made.bars[i - 1].close);
  }
  return made;
}

Plan plan_for(const domain::Series& bars, std::string_view strategy, std::size_t first = 300) {
  return {.start = domain::date_of(bars.bars[first].time),
          .end = domain::date_of(bars.bars.back().time),
          .strategy = find_strategy(strategy).value(),
          .model = models::find_model("garch_fhs").value()};
}

TEST(Backtest, BuyAndHoldEarnsWhatTheSymbolDoesLessItsCosts) {
  const auto bars = series();
  const auto report = run(plan_for(bars, "buy_and_hold"), bars);
  ASSERT_TRUE(report) << report.error().message;
  const double bought = 10'000 / (1 + 0.0015) / bars.bars[300].open;
  EXPECT_NEAR(report->final_capital, bought * bars.bars.back().close, 1e-6);
  EXPECT_NEAR(report->total_costs, 10'000 - 10'000 / 1.0015, 1e-6);
  EXPECT_EQ(report->trades, 1U);
  EXPECT_EQ(report->total_predictions, 500U);
  EXPECT_EQ(report->days.size(), 500U);
  EXPECT_EQ(report->buy_and_hold.final_capital, report->final_capital);
  EXPECT_NEAR(report->total_return, report->final_capital / 10'000 - 1, 1e-12);
}

TEST(Backtest, ASplitOrDividendIsNoLoss) {
  auto bars = series();
  const double whole = run(plan_for(bars, "buy_and_hold"), bars)->final_capital;
  for (domain::Bar& bar : bars.bars) bar.adjusted_close = bar.close;
  for (std::size_t i = 500; i < bars.bars.size(); ++i) {
    bars.bars[i].open /= 2;
    bars.bars[i].close /= 2;
  }
  EXPECT_NEAR(run(plan_for(bars, "buy_and_hold"), bars)->final_capital, whole, 1e-6);
}

class EachStrategy : public testing::TestWithParam<std::string_view> {};
INSTANTIATE_TEST_SUITE_P(Strategies, EachStrategy, testing::ValuesIn([] {
                           std::vector<std::string_view> names;
                           for (const auto& row : strategies()) names.push_back(row.name);
                           return names;
                         }()),
                         [](const auto& param) { return std::string(param.param); });

TEST_P(EachStrategy, NeverSeesTheFuture) {
  const auto bars = series();
  const auto whole = run(plan_for(bars, GetParam()), bars);
  ASSERT_TRUE(whole);
  for (const std::size_t changed : {310UZ, 329UZ, 330UZ, 555UZ, 799UZ}) {
    auto other = bars;
    for (std::size_t i = changed; i < other.bars.size(); ++i) {
      other.bars[i].open *= 1.5;
      other.bars[i].close *= i % 2 == 0 ? 3 : 0.2;
    }
    const auto report = run(plan_for(other, GetParam()), other);
    ASSERT_TRUE(report);
    for (std::size_t day = 0; day < changed - 300; ++day) {
      ASSERT_EQ(report->days[day].predicted, whole->days[day].predicted) << changed << " " << day;
      ASSERT_EQ(report->days[day].upper, whole->days[day].upper);
      ASSERT_EQ(report->days[day].weight, whole->days[day].weight);
      ASSERT_EQ(report->days[day].capital, whole->days[day].capital);
    }
    // The forecast of the first changed session is from before it, too.
    EXPECT_EQ(report->days[changed - 300].predicted, whole->days[changed - 300].predicted);
    EXPECT_NE(report->days[changed - 300].actual, whole->days[changed - 300].actual);
  }
}

TEST_P(EachStrategy, EndingEarlierGivesTheBeginningOfTheSame) {
  const auto bars = series();
  Plan plan = plan_for(bars, GetParam());
  const auto whole = run(plan, bars);
  plan.end = domain::date_of(bars.bars[600].time);
  const auto part = run(plan, bars);
  ASSERT_EQ(part->days.size(), 301U);
  EXPECT_EQ(part->final_capital, whole->days[300].capital);
  EXPECT_EQ(part->last_session, plan.end);
}

TEST_P(EachStrategy, CapitalNeverGoesBelowZeroAndWeightsStayLong) {
  const auto bars = series();
  Plan plan = plan_for(bars, GetParam());
  plan.cost_bps = 500;
  const auto report = run(plan, bars);
  for (const Day& day : report->days) {
    ASSERT_GT(day.capital, 0);
    ASSERT_GE(day.weight, 0);
    ASSERT_LE(day.weight, 1 + 1e-9);
  }
  plan.cost_bps = plan.slippage_bps = 0;
  EXPECT_GE(run(plan, bars)->final_capital, report->final_capital);
  EXPECT_EQ(run(plan, bars)->total_costs, 0);
}

TEST(Backtest, LongFlatIsOutWhereAFallIsMoreProbable) {
  auto bars = series();
  // Falling for good: the naive drift says so.
  for (std::size_t i = 0; i < bars.bars.size(); ++i) {
    bars.bars[i].close *= std::exp(-0.01 * static_cast<double>(i));
    bars.bars[i].open *= std::exp(-0.01 * static_cast<double>(i));
  }
  Plan plan = plan_for(bars, "long_flat");
  plan.model = models::find_model("drift").value();
  const auto report = run(plan, bars);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->final_capital, 10'000);
  EXPECT_FALSE(report->sharpe_ratio);
  EXPECT_FALSE(report->win_rate);
  EXPECT_FALSE(report->precision);
  EXPECT_EQ(report->recall, 0);
  EXPECT_GT(report->accuracy.value(), 0.6);
  EXPECT_LT(report->buy_and_hold.total_return, -0.9);
}

TEST(Backtest, VolatilityTargetHoldsLessWhereMoreIsForecast) {
  const auto bars = series();
  Plan plan = plan_for(bars, "volatility_target");
  plan.target_volatility = 0.05;
  const auto low = run(plan, bars);
  plan.target_volatility = 2;
  const auto high = run(plan, bars);
  EXPECT_LT(low->days.back().weight, 0.7);
  EXPECT_GT(low->trades, 1U);
  EXPECT_EQ(high->trades, 1U);
  EXPECT_NEAR(high->final_capital, high->buy_and_hold.final_capital, 1e-9);
}

TEST(Backtest, IntervalsCover) {
  const auto bars = series(1500);
  Plan plan = plan_for(bars, "buy_and_hold", 500);
  plan.window = 500;
  const auto report = run(plan, bars);
  ASSERT_TRUE(report);
  EXPECT_NEAR(report->coverage_90, 0.9, 0.04);
  EXPECT_GT(report->rmse, report->mae);
  EXPECT_LT(report->mape, 5);
}

TEST(Backtest, WithoutOpensItTradesAtTheCloseAndSaysSo) {
  auto bars = series();
  for (domain::Bar& bar : bars.bars) bar.open = domain::Bar::kMissing;
  const auto report = run(plan_for(bars, "buy_and_hold"), bars);
  const double bought = 10'000 / (1 + 0.0015) / bars.bars[300].close;
  EXPECT_NEAR(report->final_capital, bought * bars.bars.back().close, 1e-6);
  EXPECT_TRUE(std::ranges::any_of(report->assumptions, [](const std::string& said) {
    return said.starts_with("In 500 sessions, for which the source has no open");
  }));
}

TEST(Backtest, BeginsWhereThereAreBarsEnoughAndSaysSo) {
  const auto bars = series();
  const auto report = run(plan_for(bars, "buy_and_hold", 100), bars);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->first_session, domain::date_of(bars.bars[252].time));
  EXPECT_TRUE(report->assumptions.back().starts_with("The first session is "));
}

TEST(Backtest, SaysWhatIsWrong) {
  const auto bars = series();
  const auto field = [&](auto change) {
    Plan plan = plan_for(bars, "buy_and_hold");
    change(plan);
    const auto report = run(plan, bars);
    return report ? "" : report.error().field;
  };
  EXPECT_EQ(field([](Plan&) {}), "");
  EXPECT_EQ(field([](Plan& p) { std::swap(p.start, p.end); }), "end_date");
  EXPECT_EQ(field([](Plan& p) { p.start = p.end = domain::Date{}; }), "end_date");
  EXPECT_EQ(field([](Plan& p) { p.window = 799, p.retraining = 1, p.start = p.end; }), "");
  EXPECT_EQ(field([](Plan& p) { p.window = 800; }), "end_date");
  EXPECT_EQ(field([](Plan& p) { p.window = 80; }), "walk_forward_window");
  EXPECT_EQ(field([](Plan& p) { p.retraining = 0; }), "retraining_frequency");
  EXPECT_EQ(field([](Plan& p) { p.initial_capital = -1; }), "initial_capital");
  EXPECT_EQ(field([](Plan& p) { p.cost_bps = NAN; }), "cost_bps");
  EXPECT_EQ(field([](Plan& p) { p.slippage_bps = 1e9; }), "slippage_bps");
  EXPECT_EQ(field([](Plan& p) { p.target_volatility = 0; }), "target_volatility");
  EXPECT_EQ(field([](Plan& p) { p.model = models::find_model("gbm").value(); }), "model");
}

TEST(Backtest, PricesThatAreNotPositiveAreRefused) {
  auto bars = series();
  bars.bars[400].close = -37;
  const auto report = run(plan_for(bars, "buy_and_hold"), bars);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().field, "symbol");
}

TEST(Backtest, ProgressGrowsAndCanEndTheRun) {
  const auto bars = series();
  std::vector<double> parts;
  const auto report =
      run(plan_for(bars, "buy_and_hold"), bars, [&](double part, std::string_view) -> Result<void> {
        parts.push_back(part);
        if (parts.size() == 3) return fail(Code::conflict, "cancelled");
        return {};
      });
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().message, "cancelled");
  ASSERT_EQ(parts.size(), 3U);
  EXPECT_TRUE(std::ranges::is_sorted(parts));
  EXPECT_EQ(parts[0], 0);
  EXPECT_LT(parts[2], 1);
}

TEST(Backtest, FiguresHaveTheNamesOfTheWire) {
  const auto bars = series();
  const auto report = run(plan_for(bars, "long_flat"), bars);
  std::vector<std::string_view> names;
  for (const Figure& figure : figures(*report)) names.push_back(figure.name);
  for (const auto* name :
       {"total_predictions", "accuracy", "precision", "recall", "f1_score", "directional_accuracy",
        "mae", "rmse", "mape", "sharpe_ratio", "sortino_ratio", "max_drawdown", "win_rate",
        "profit_factor", "final_capital", "total_return"}) {
    EXPECT_TRUE(std::ranges::contains(names, name)) << name;
  }
}

}  // namespace
}  // namespace ara::backtest
