#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace ara::cli {

/// One day of a forecast as the wire gives it.
struct DayView {
  /// Quantiles that a person is shown: 2.5, 10, 25, 50, 75, 90 and 97.5 %.
  static constexpr std::array<const char*, 7> kLevels{"2.5", "10", "25", "50", "75", "90", "97.5"};

  std::string date;
  double predicted_price = 0;
  std::optional<double> predicted_return;  ///< percent; none where the last close is not positive
  double lower = 0;                        ///< of the 90 % interval
  double upper = 0;
  std::array<double, kLevels.size()> quantiles{};
  double probability_of_rise = 0;
  double volatility = 0;  ///< a year's
};

/// What the table and the chart show, read from the body that the API answers: one path for both.
struct ForecastView {
  std::string symbol;
  std::string asset_type;
  double current_price = 0;
  bool logarithmic = true;  ///< the scale is "log": volatility is a fraction, else in price units
  std::string as_of;
  std::vector<DayView> days;
  std::vector<std::pair<std::string, double>> weights;  ///< of the models combined
  std::string model_version;
  long long observations = 0;
};

/// Code::internal where the body is not what serve::encode writes.
Result<ForecastView> read_forecast(std::string_view body);

}  // namespace ara::cli
