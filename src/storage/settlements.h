#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/hash.h"
#include "base/result.h"
#include "domain/forecast.h"

namespace ara::storage {

/// Names one day of a forecast among those that are settled: of all that a model says of one day of
/// a symbol from one newest bar, the first that was given out.
struct SettlementKey {
  domain::Symbol symbol;
  domain::Date as_of{};
  std::string model_version;
  int day = 1;  ///< sessions ahead, from 1

  friend bool operator==(const SettlementKey&, const SettlementKey&) = default;
};

/// What was said of a day that is to come.
struct ExpectationRow {
  SettlementKey key;
  Hash128 forecast;  ///< with the day as unique as the key
  domain::AssetType asset_type = domain::AssetType::stock;
  domain::Date due{};
  domain::Scale scale = domain::Scale::log;
  double price = 0;                 ///< the last close, not adjusted
  domain::QuantileFunction change;  ///< from then to the day, on `scale`
  WallTime created{};
};

/// What came of it, in the units of the change.
struct Outcome {
  double change = 0;
  double error = 0;      ///< price over median price, less 1
  unsigned inside = 0;   ///< bit i: within the central interval evaluation::kCoverages[i]
  double crps = 0;       ///< as evaluation::crps
  double walk_crps = 0;  ///< the same of a random walk
};

/// Ends an expectation; without an outcome it is dropped, as nothing can come of it any more.
struct SettlementRow {
  SettlementKey key;
  std::optional<Outcome> outcome;
  WallTime settled{};
};

/// Forecasts and what came of them. As to blocking, threads and errors see Store.
class SettlementStore {
 public:
  virtual ~SettlementStore() = default;

  /// Those whose key or forecast and day is known already are left as they are. As of forecasts,
  /// only "whole or not at all" is promised, for each symbol.
  virtual Result<void> expect(std::span<const ExpectationRow> rows, const Call& call) = 0;

  /// Up to `limit` expectations that were due by `today`, whose symbol has a bar of that day or a
  /// later one, and that nobody has leased; leased until `until` now. In the order of symbols,
  /// within a shard.
  virtual Result<std::vector<ExpectationRow>> lease_settlements(WallTime now, WallTime until,
                                                                domain::Date today,
                                                                std::size_t limit,
                                                                const Call& call) = 0;
  /// Those that are settled already, or not known, are passed over; how many were not. Whoever
  /// settles does so once, however often it is tried.
  virtual Result<std::uint64_t> settle(std::span<const SettlementRow> rows, const Call& call) = 0;

  /// The newest `limit` of an asset type that have an outcome, newest first.
  virtual Result<std::vector<SettlementRow>> settled(domain::AssetType asset_type,
                                                     std::size_t limit, const Call& call) = 0;
  /// Deletes what was expected before `before`, settled or not; returns how many.
  virtual Result<std::uint64_t> prune_settlements(WallTime before, const Call& call) = 0;
};

}  // namespace ara::storage
