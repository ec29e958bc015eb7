#pragma once

#include <string>

#include "cli/forecast_view.h"
#include "cli/output.h"

namespace ara::cli {

/// "AAPL · stock · last close 177.57 on 2021-12-31".
std::string headline(const ForecastView& forecast, bool colour);

/// A row for each day: date, predicted price and return, 90 and 50 % intervals, probability of a
/// rise, volatility a year. Prices at decimals that tell the intervals apart.
std::string table(const ForecastView& forecast, bool colour);

/// What the forecast was made from.
std::string footnote(const ForecastView& forecast, const Look& look);

}  // namespace ara::cli
