#pragma once

#include <vector>

#include "domain/asset.h"
#include "domain/date.h"

namespace ara::domain {

/// Whether the market trades on that day. Holidays come from QuantLib's calendars (1901 to 2199).
bool is_session(Market market, Date day);

/// The next `count` sessions after `day`, oldest first.
std::vector<Date> next_sessions(Market market, Date day, int count);

/// How many sessions lie strictly between two days.
int sessions_between(Market market, Date from, Date to);

}  // namespace ara::domain
