#pragma once

#include <string_view>

#include "base/result.h"
#include "domain/date.h"

namespace ara::domain {

/// A stretch of calendar time, e.g. "90d", "6w", "6m" (or "6mo"), "1y".
class Period {
 public:
  static constexpr int kMaxYears = 50;

  /// A whole number from 1 and a unit, up to 50 years; otherwise Code::invalid on `field`.
  static Result<Period> parse(std::string_view text, std::string_view field = "period");

  /// The day this long before `end`; a month that lacks the day ends on its last.
  Date before(Date end) const;
  /// No fewer days than any such stretch has.
  int most_days() const { return days_ + 31 * months_; }

 private:
  Period(int days, int months) : days_(days), months_(months) {}

  int days_;
  int months_;
};

}  // namespace ara::domain
