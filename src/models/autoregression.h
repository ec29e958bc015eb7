#pragma once

#include "models/fits.h"

namespace ara::models {

/// A subset autoregression on the newest lags and those about one season, one week and one week and
/// a season back (where the season is a day and the sample reaches so far),
///   w(t) = c + sum over lags l of b(l) w(t - l) + e(t),   w(t) = y(t) - y(t - difference),
/// or w = y where `difference` is 0. By conditional least squares (Box, Jenkins, Reinsel and Ljung
/// 2016, Time Series Analysis, section 7.1.3), with just so much shrinkage that it can be solved;
/// forecasts by iteration. Its state is the bars as far back as the longest lag.
///
/// Where the estimate is explosive (an impulse response above kMostResponse), the shrinkage grows
/// until it is not; a forecast leaves the range of the values seen by at most that range.
std::unique_ptr<Model> make_autoregression(const ModelRow& row, const Sample& sample,
                                           const Setting& setting, int difference);

}  // namespace ara::models
