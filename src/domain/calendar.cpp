#include "domain/calendar.h"

// The one translation unit that knows QuantLib.
#include <ql/time/calendars/target.hpp>
#include <ql/time/calendars/unitedstates.hpp>
#include <ql/time/date.hpp>

namespace ara::domain {
namespace {

const QuantLib::Calendar* calendar_of(Market market) {
  static const QuantLib::UnitedStates nyse(QuantLib::UnitedStates::NYSE);
  static const QuantLib::UnitedStates settlement(QuantLib::UnitedStates::Settlement);
  static const QuantLib::TARGET target;
  switch (market) {
    case Market::us_equities:
      return &nyse;
    case Market::us_futures:
      return &settlement;
    case Market::target:
      return &target;
    case Market::always_open:
      return nullptr;
  }
  return nullptr;
}

QuantLib::Date to_quantlib(Date day) {
  // QuantLib counts days as spreadsheets do: 1970-01-01 is 25569.
  return QuantLib::Date(static_cast<QuantLib::Date::serial_type>(day.time_since_epoch().count()) +
                        25569);
}

bool within_quantlib(Date day) {
  using namespace std::chrono;
  return day >= sys_days{1901y / January / 1} && day <= sys_days{2199y / December / 31};
}

}  // namespace

bool is_session(Market market, Date day) {
  const QuantLib::Calendar* calendar = calendar_of(market);
  if (calendar == nullptr) return true;
  if (!within_quantlib(day)) {  // holidays unknown there; weekends still hold
    const std::chrono::weekday weekday{day};
    return weekday != std::chrono::Saturday && weekday != std::chrono::Sunday;
  }
  return calendar->isBusinessDay(to_quantlib(day));
}

std::vector<Date> next_sessions(Market market, Date day, int count) {
  std::vector<Date> sessions;
  sessions.reserve(static_cast<std::size_t>(count > 0 ? count : 0));
  while (static_cast<int>(sessions.size()) < count) {
    day += std::chrono::days{1};
    if (is_session(market, day)) sessions.push_back(day);
  }
  return sessions;
}

int sessions_between(Market market, Date from, Date to) {
  int count = 0;
  for (Date day = from + std::chrono::days{1}; day < to; day += std::chrono::days{1}) {
    count += is_session(market, day);
  }
  return count;
}

}  // namespace ara::domain
