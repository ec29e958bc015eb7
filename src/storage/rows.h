#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/hash.h"
#include "base/result.h"
#include "domain/series.h"

/// What a store keeps of bars, forecasts and models, row by row.
namespace ara::storage {

/// A symbol's head: all about it that changes, and nothing big.
struct SymbolRow {
  domain::Symbol symbol;
  domain::AssetType asset_type = domain::AssetType::stock;
  domain::Interval interval = domain::Interval::day;
  domain::Revision revision;
  std::uint64_t bars = 0;
  domain::Time first{};
  domain::Time last{};
};

/// How far a reader of heads has come, in the numbers of the store that gave it; empty: nowhere.
using HeadsMark = std::vector<std::uint64_t>;

/// What has become of heads since a mark.
struct HeadChanges {
  bool all = false;             ///< `rows` are all heads there are, whatever was known before
  std::vector<SymbolRow> rows;  ///< new or changed, ascending by symbol; some may be known already
  HeadsMark mark;               ///< to go on from
};

/// What a write of bars did; `revision` is that of the symbol afterwards.
struct PutOutcome {
  std::uint64_t inserted = 0;
  std::uint64_t corrected = 0;
  std::uint64_t unchanged = 0;
  domain::Revision revision;
};

/// Bars of one symbol, to be written with those of others.
struct SymbolBars {
  domain::Symbol symbol;
  domain::AssetType asset_type = domain::AssetType::stock;
  std::span<const domain::Bar> bars;
};

/// Which bars of a symbol to read: those from `from` to `to`, both included where given, of them
/// the first `limit`.
struct BarRange {
  std::optional<domain::Time> from;
  std::optional<domain::Time> to;
  std::size_t limit = 1000;
};

/// A forecast kept: its encoded bytes under the id of its key.
struct ForecastRow {
  Hash128 id;
  domain::Symbol symbol;
  domain::Revision revision;
  domain::Date as_of{};
  int horizon = 0;
  std::string model_version;
  WallTime created{};
  std::string bytes;
};

/// How a version of a model stands. At most one champion for each asset type and band.
enum class ModelStatus { candidate, champion, retired, refused };
std::string_view to_string(ModelStatus status);
/// By name; the error lists the names.
Result<ModelStatus> parse_model_status(std::string_view name);

/// A version of a model: what it is never changes, how it stands does.
struct ModelVersionRow {
  std::string id;     ///< unique; names the content
  std::string model;  ///< of the catalog, or a kind of artefact
  domain::AssetType asset_type = domain::AssetType::stock;
  std::string band;      ///< of horizons, e.g. "1-5"
  std::string document;  ///< UTF-8 text: all else there is to know of it
  WallTime created{};

  ModelStatus status = ModelStatus::candidate;
  std::string reason;  ///< why it was refused or retired
  WallTime changed{};  ///< when the status last changed
};

/// Which versions to list; what is not given is not asked for.
struct ModelFilter {
  std::optional<domain::AssetType> asset_type;
  std::string band;
  std::optional<ModelStatus> status;
  std::string id_prefix;
  std::size_t limit = 1000;
};

/// A market factor as it was last closed: what all symbols of an asset type share.
struct MarketRow {
  domain::AssetType asset_type = domain::AssetType::stock;
  std::uint64_t revision = 0;  ///< from 1; grows whenever the payload changes
  std::string payload;
};

}  // namespace ara::storage
