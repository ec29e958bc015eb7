#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "streams/message.h"

namespace ara::live {

/// What alerts and events look at in a forecast's bytes. NaN for what has no number there.
struct Outlook {
  std::string id;
  std::string revision;
  std::string as_of;
  double price = 0;
  double probability_of_rise = 0;  ///< this and the following of the first day
  double volatility = 0;           ///< a year's
  double predicted_return = 0;     ///< percent
};

/// Reads the GET form of a forecast (serve/encode.h).
Result<Outlook> read_outlook(std::string_view body);

double value_of(const Outlook& outlook, streams::Metric metric);
/// False where the value is NaN.
bool holds(streams::Condition condition, double value, double threshold);

}  // namespace ara::live
