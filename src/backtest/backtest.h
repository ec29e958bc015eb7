#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backtest/strategy.h"
#include "domain/series.h"
#include "models/model.h"

namespace ara::backtest {

/// What to run. Sessions before `start` are for fitting only; those after `end` are never looked
/// at.
struct Plan {
  domain::Date start{};
  domain::Date end{};
  double initial_capital = 10'000;
  const StrategyRow* strategy = &strategies().front();
  /// Forecasts the next session. One that needs trees is refused: they were trained on bars that a
  /// backtest must not know.
  const models::ModelRow* model = nullptr;  ///< null: that of the basic level
  std::size_t window = 252;                 ///< newest bars that a fit sees
  std::size_t retraining = 30;              ///< sessions between fits; bars in between only update
  double cost_bps = 10;                     ///< of the value traded, in hundredths of a percent
  double slippage_bps = 5;                  ///< worse than the price of execution, likewise
  double target_volatility = 0.15;          ///< a year's, for strategies that have one

  static constexpr std::size_t kMinWindow = 60;
  static constexpr std::size_t kMaxWindow = 5040;
  static constexpr std::size_t kMaxRetraining = 2520;
};

/// One session: what was said of it the evening before, what came, and what was owned.
struct Day {
  domain::Date date{};
  double predicted = 0;  ///< median price; prices continue the last close
  double lower = 0;      ///< 90 % interval
  double upper = 0;
  double actual = 0;  ///< the last close moved by the (adjusted) return that came
  double weight = 0;  ///< part of the capital in the symbol at the close
  double capital = 0;
};

/// How the same capital did without a forecast, at the same costs.
struct Reference {
  double final_capital = 0;
  double total_return = 0;
  std::optional<double> sharpe_ratio;
  double max_drawdown = 0;
};

/// Ratios are fractions (0.05 is 5 %); absent where a divisor is 0.
struct Report {
  std::string strategy;
  std::string model;
  domain::Date first_session{};  ///< of the first forecast
  domain::Date last_session{};

  std::size_t total_predictions = 0;  ///< one a session
  // A session is called up where its rise is more probable than not; "positive" is a rise.
  std::optional<double> accuracy, precision, recall, f1_score;
  /// Of the sessions that moved, the part in which the sign of the median was right.
  std::optional<double> directional_accuracy;
  double mae = 0;          ///< of the median price, in the quote currency
  double rmse = 0;         ///< likewise
  double mape = 0;         ///< percent
  double coverage_90 = 0;  ///< part of the sessions that ended within their 90 % interval

  std::optional<double> sharpe_ratio, sortino_ratio;  ///< annualised, risk-free rate 0
  double max_drawdown = 0;                            ///< largest part lost from a peak
  std::optional<double> win_rate;       ///< of the sessions with a position, those with a gain
  std::optional<double> profit_factor;  ///< sum of gains over sum of losses
  std::size_t trades = 0;
  double total_costs = 0;  ///< slippage included
  double final_capital = 0;
  double total_return = 0;
  Reference buy_and_hold;

  std::vector<std::string> assumptions;  ///< one sentence each
  std::vector<Day> days;
};

/// A number by its name on the wire; absent: null there.
struct Figure {
  std::string_view name;
  std::optional<double> value;
};
/// All numbers of a report but the reference's, in the order of the wire; whatever shows a report
/// walks them.
std::vector<Figure> figures(const Report& report);
std::vector<Figure> figures(const Reference& reference);

/// Called between fits with the part done, 0 to 1, and what is going on; may be empty. An error it
/// returns ends the run, which returns it.
using Progress = std::function<Result<void>(double part, std::string_view message)>;

/// Whether the plan is one that run() takes, as far as can be told without the bars; its errors.
Result<void> check(const Plan& plan);

/// Walks forward over the sessions from plan.start to plan.end that have plan.window bars before
/// them: the model is fitted on the newest window, takes each bar as it comes and forecasts the
/// next session; the strategy turns that into a weight, which is bought at the next open. A session
/// depends on nothing later than itself. Pure: the same arguments give the same report.
///
/// Code::invalid on field "start_date", "end_date", "initial_capital", "walk_forward_window",
/// "retraining_frequency", "cost_bps", "slippage_bps", "target_volatility", "model", or "symbol"
/// where closes are not positive.
Result<Report> run(const Plan& plan, const domain::Series& series, const Progress& progress = {});

}  // namespace ara::backtest
