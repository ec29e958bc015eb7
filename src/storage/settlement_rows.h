#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "storage/settlements.h"

namespace ara::storage {

/// Days as the databases hold those of settlements: as bars, in seconds since the epoch.
inline std::int64_t seconds_of(domain::Date date) {
  return std::chrono::sys_seconds(date).time_since_epoch().count();
}
inline domain::Date date_at(std::int64_t seconds) {
  return std::chrono::floor<std::chrono::days>(
      std::chrono::sys_seconds(std::chrono::seconds(seconds)));
}

std::string_view to_string(domain::Scale scale);

/// The knots of a distribution, each as eight bytes, the lowest first.
std::string to_bytes(const domain::QuantileFunction& change);

/// The columns of a stored expectation.
struct ExpectationColumns {
  std::string_view symbol;
  std::int64_t as_of = 0;
  std::string_view model_version;
  std::int64_t day = 0;
  std::string_view forecast;
  std::string_view asset_type;
  std::int64_t due = 0;
  std::string_view scale;
  double price = 0;
  std::string_view change;
  std::int64_t created = 0;
};
/// Code::corrupt for what is none.
Result<ExpectationRow> expectation_of(const ExpectationColumns& columns);

}  // namespace ara::storage
