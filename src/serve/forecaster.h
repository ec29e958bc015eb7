#pragma once

#include <string>

#include "base/result.h"
#include "domain/forecast.h"

namespace ara::serve {

/// Bars that a forecast is made from: the newest five years of sessions. Part of model_version.
inline constexpr std::size_t kHistory = 1260;

/// Names the models and their inputs, e.g. "combination-1.1260"; part of every key.
const std::string& model_version();

/// The forecast of a series, a pure function of both arguments. The key's revision is that of the
/// series. Code::invalid on field "symbol" where there are too few bars, or none.
Result<domain::Forecast> make_forecast(const domain::ForecastKey& key,
                                       const domain::Series& series);

}  // namespace ara::serve
