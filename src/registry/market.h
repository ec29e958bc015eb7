#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <vector>

#include "models/market.h"
#include "storage/store.h"

namespace ara::registry {

/// A market factor as one close of it left it.
struct Market {
  std::uint64_t revision = 0;  ///< 0: there is none
  std::vector<models::MarketPoint> points;
};

/// Computes the factor of all symbols of an asset type from the bars in the store and keeps it
/// there; where the bars gave the same factor before, nothing changes. The revision, 0 where no
/// symbol has enough bars for a point.
Result<std::uint64_t> close_market(storage::Store& store, domain::AssetType asset_type,
                                   const Call& call);

/// The factor as the store has it. Code::corrupt where its bytes are no factor.
Result<Market> read_market(storage::Store& store, domain::AssetType asset_type, const Call& call);

/// The factors in memory, one for each asset type, read when first asked for. Thread-safe.
class Markets {
 public:
  explicit Markets(std::shared_ptr<storage::Store> store) : store_(std::move(store)) {}

  /// The factor of that revision or a later one; revision 0 needs no store.
  Result<std::shared_ptr<const Market>> get(domain::AssetType asset_type, std::uint64_t revision,
                                            const Call& call);

 private:
  std::shared_ptr<storage::Store> store_;
  std::mutex mutex_;
  std::array<std::shared_ptr<const Market>, 8> kept_;  ///< by asset type
};

}  // namespace ara::registry
