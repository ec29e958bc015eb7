#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ara::accounts {

/// What the accounts of a tier may ask for.
struct Tier {
  std::string name;
  int per_minute = 0;        ///< requests in any 60 seconds
  int per_day = 0;           ///< requests in a UTC day
  int batch = 0;             ///< symbols of one batch
  int backtest_days = 0;     ///< calendar days that a backtest spans
  int portfolio_assets = 0;  ///< assets of one portfolio
};

/// The tiers there are, the least first. They are configuration: see kDefault.
class Tiers {
 public:
  /// NAME=MINUTE/DAY/BATCH/BACKTEST_DAYS/ASSETS for each tier.
  static constexpr std::string_view kDefault =
      "free=10/1000/10/365/5,pro=60/10000/50/1825/20,enterprise=300/100000/100/3650/100";
  static constexpr std::string_view kAllowed =
      "NAME=MINUTE/DAY/BATCH/BACKTEST_DAYS/ASSETS for each tier, commas between; numbers from 1 to "
      "10000000, names of a-z, 0-9, - and _";
  static constexpr std::size_t kMost = 16;

  /// One tier at least; Code::invalid, naming the field "tiers".
  static Result<Tiers> parse(std::string_view text);

  /// Null where there is no such tier.
  const Tier* find(std::string_view name) const;
  /// As find; Code::invalid lists the names.
  Result<const Tier*> parse_name(std::string_view name) const;
  const Tier& least() const { return rows_.front(); }
  const Tier& most() const { return rows_.back(); }
  std::span<const Tier> rows() const { return rows_; }

 private:
  std::vector<Tier> rows_;
};

}  // namespace ara::accounts
