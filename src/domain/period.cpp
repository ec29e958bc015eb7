#include "domain/period.h"

#include <array>
#include <string>

#include "base/format.h"
#include "base/text.h"

namespace ara::domain {
namespace {

struct Unit {
  std::string_view name;
  int days;
  int months;
};
constexpr std::array kUnits{Unit{"d", 1, 0}, Unit{"w", 7, 0}, Unit{"m", 0, 1}, Unit{"mo", 0, 1},
                            Unit{"y", 0, 12}};

}  // namespace

Result<Period> Period::parse(std::string_view text, std::string_view field) {
  const std::string lower = to_lower(text);
  const std::size_t digits = std::min(lower.find_first_not_of("0123456789"), lower.size());
  const auto count = parse_integer(std::string_view(lower).substr(0, digits));
  for (const Unit& unit : kUnits) {
    if (!count || *count < 1 || lower.substr(digits) != unit.name) continue;
    // A year is 365 days here: the bound need not be sharper.
    if (*count > kMaxYears * 365 / (unit.days + 365 * unit.months / 12)) break;
    return Period(static_cast<int>(*count) * unit.days, static_cast<int>(*count) * unit.months);
  }
  return invalid(field, text,
                 ara::format("a whole number of d(ays), w(eeks), m(onths) or y(ears), e.g. \"6m\" "
                             "or \"1y\", up to {}y",
                             kMaxYears));
}

Date Period::before(Date end) const {
  using namespace std::chrono;
  const year_month_day from =
      year_month_day(end - std::chrono::days(days_)) - std::chrono::months(months_);
  return from.ok() ? Date(from) : Date(from.year() / from.month() / last);
}

}  // namespace ara::domain
