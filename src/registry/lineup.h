#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
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
  std::shared_ptr<const models::Trees> trees;  ///< that it was judged with; null: with none
};

/// A champion that cannot serve here, and why.
struct Absent {
  std::string id;
  Error error;
};

/// All champions and the revisions of the market factors, as they were at one moment; never changed
/// once made, so that it may be shared without a lock. Reading one costs an index look-up of a few
/// rows, however many versions there are, and the files of the champions that have some and are not
/// in memory yet.
class Lineup {
 public:
  /// The rows are those of `shelf`, which outlives the lineup.
  static Result<Lineup> read(storage::Store& store, const Shelf& shelf, const Call& call);

  /// The champion for that many sessions, or null where none was promoted, or one that is absent.
  const Champion* champion(domain::AssetType asset_type, int horizon) const;

  /// The same with another champion for its asset type and band, as promoting it will make it.
  /// Errors as Shelf::find.
  Result<Lineup> with(const storage::ModelVersionRow& heir, const Shelf& shelf) const;

  /// Champions whose model this program does not know, or whose files are missing or damaged.
  std::span<const Absent> absent() const { return absent_; }

  /// 0: there is no factor.
  std::uint64_t market_revision(domain::AssetType asset_type) const {
    return market_revisions_[static_cast<std::size_t>(asset_type)];
  }

  /// Of the store, when it was read.
  std::uint64_t version() const { return version_; }

 private:
  std::vector<Champion> champions_;
  std::vector<Absent> absent_;
  std::array<std::uint64_t, 8> market_revisions_{};  ///< by asset type
  std::uint64_t version_ = 0;
};

}  // namespace ara::registry
