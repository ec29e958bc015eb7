#pragma once

#include <algorithm>
#include <cmath>

#include "domain/forecast.h"

namespace ara::models {

/// The variance of one session from its range, in squared units of value_of: the overnight move
/// squared plus Garman and Klass 1980's estimate of what happened between open and close,
///   (high - low)^2 / 2 - (2 log 2 - 1) (close - open)^2,
/// as Yang and Zhang 2000 join them; about seven times as precise as the squared change. `change`
/// is from the session before, by value_of. Where open, high and low are missing or contradict each
/// other it is the squared change.
inline double range_variance(const domain::Bar& bar, double change, domain::Scale scale) {
  const double square = change * change;
  const bool sound = bar.high >= std::max(bar.open, bar.close) &&
                     bar.low <= std::min(bar.open, bar.close) && bar.high > bar.low;
  if (!sound || (scale == domain::Scale::log && !(bar.low > 0))) return square;
  const bool log = scale == domain::Scale::log;
  const double range = log ? std::log(bar.high / bar.low) : bar.high - bar.low;
  const double session = log ? std::log(bar.close / bar.open) : bar.close - bar.open;
  const double overnight = change - session;
  constexpr double kClose = 2 * 0.69314718055994530942 - 1;
  const double variance = overnight * overnight + 0.5 * range * range - kClose * session * session;
  return std::isfinite(variance) ? variance : square;
}

}  // namespace ara::models
