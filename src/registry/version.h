#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/date.h"
#include "domain/forecast.h"
#include "evaluation/summary.h"
#include "storage/store.h"

namespace ara::registry {

/// Bars that a model is fitted on, when it serves and when it is judged: the newest five years of
/// sessions.
inline constexpr std::size_t kHistory = 1260;

/// Horizons that one champion serves. A request for the next n sessions is answered by the champion
/// of the band that holds n, which is therefore scored on all sessions from 1 to `last`.
struct Band {
  std::string_view name;
  int first = 1;
  int last = 1;
};

/// All bands, ascending; together they hold 1 to ForecastKey::kMaxHorizon, each once.
std::span<const Band> bands();
const Band& band_of(int horizon);
/// By name; the error lists the names.
Result<const Band*> find_band(std::string_view name);

/// Walk-forward scores, as src/evaluation defines them.
struct Scores {
  std::size_t symbols = 0;
  std::size_t origins = 0;                      ///< summed over symbols
  double crps = 0;                              ///< mean over symbols
  evaluation::PerPeer<double> crps_ratio{};     ///< to each peer, mean over symbols
  evaluation::PerPeer<double> dm_statistics{};  ///< Diebold-Mariano; above 0: better than the peer
  evaluation::PerCoverage coverage{};           ///< of the central intervals of kCoverages
};

/// One question that the gate asked, and how it was answered.
struct Check {
  std::string name;  ///< e.g. "coverage_90"
  double value = 0;  ///< what was measured
  double limit = 0;  ///< what it is compared with
  bool passed = true;
  std::string says;  ///< one sentence, the reason where it did not pass
};

/// A version of a model. What it is does not change: its id names the content, so the same training
/// gives the same id.
struct Version {
  std::string model;  ///< a name in the catalog
  domain::AssetType asset_type = domain::AssetType::stock;
  Band band;
  std::string code;      ///< models::version() when it was made
  domain::Date first{};  ///< span of the bars that it was made from
  domain::Date last{};
  std::size_t symbols = 0;
  std::size_t bars = 0;
  std::uint64_t content = 0;  ///< hash of those bars
  std::uint64_t seed = 0;
  std::string command;   ///< makes it anew from the same bars
  std::string artefact;  ///< hash of the file that holds what was learned; empty: nothing was
  Scores scores;
  std::vector<Check> checks;

  WallTime created{};
  storage::ModelStatus status = storage::ModelStatus::candidate;
  std::string reason;  ///< why it was refused or retired
  WallTime changed{};  ///< when the status last changed

  /// The model's name and the first 12 digits of the content's hash, e.g. "har-0f3a5c7e9b12".
  std::string id() const;
  /// 32 hexadecimal digits, over all but how it stands and when.
  std::string hash() const;
};

/// What the store keeps, and back. Code::corrupt where the document cannot be read or is not the
/// one that the id names.
storage::ModelVersionRow to_row(const Version& version);
Result<Version> from_row(const storage::ModelVersionRow& row);

/// The version whose id `text` is, or begins: Code::not_found, or Code::invalid on field "id" where
/// several begin so.
Result<Version> find_version(storage::Store& store, std::string_view text, const Call& call);

/// The immutable part as one JSON object, the same bytes for the same content.
std::string to_document(const Version& version);

}  // namespace ara::registry
