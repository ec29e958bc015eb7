#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "models/model.h"
#include "registry/shelf.h"
#include "registry/version.h"

namespace ara::registry {

/// Who serves a band of an asset type.
struct Champion {
  std::string id;
  std::string suffix;  ///< of the id: all behind the model's name, e.g. "-0f3a5c7e9b12"
  domain::AssetType asset_type = domain::AssetType::stock;
  Band band;
  const models::ModelRow* row = nullptr;
};

/// All champions and the revisions of the market factors, as they were at one moment; never changed
/// once made, so that it may be shared without a lock. Reading one costs an index look-up of a few
/// rows, however many versions there are; nothing else of a model is read before it forecasts.
class Lineup {
 public:
  /// The rows are those of `shelf`, which outlives the lineup.
  static Result<Lineup> read(storage::Store& store, const Shelf& shelf, const Call& call);

  /// The champion for that many sessions, or null where none was promoted, or one of a model that
  /// this program does not know.
  const Champion* champion(domain::AssetType asset_type, int horizon) const;

  /// The same with another champion for its asset type and band, as promoting it will make it.
  /// Code::unsupported for a model that this program does not know.
  Result<Lineup> with(const storage::ModelVersionRow& heir, const Shelf& shelf) const;

  /// 0: there is no factor.
  std::uint64_t market_revision(domain::AssetType asset_type) const {
    return market_revisions_[static_cast<std::size_t>(asset_type)];
  }

  /// Of the store, when it was read.
  std::uint64_t version() const { return version_; }

 private:
  std::vector<Champion> champions_;
  std::array<std::uint64_t, 8> market_revisions_{};  ///< by asset type
  std::uint64_t version_ = 0;
};

}  // namespace ara::registry
