#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/hash.h"
#include "base/result.h"
#include "domain/series.h"
#include "storage/accounts.h"
#include "storage/alerts.h"
#include "storage/webhooks.h"

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

enum class JobState { queued, running, done, failed };

struct JobRow {
  std::string id;  ///< unique; chosen by the caller, so a repeated put is the same job
  std::string kind;
  std::string payload;  ///< UTF-8 text
  JobState state = JobState::queued;
  std::string result;  ///< UTF-8 text; the error, when failed
  WallTime created{};
  WallTime leased_until{};  ///< while running
  int attempts = 0;
};

/// Where bars, forecasts, models, jobs and accounts are kept. One narrow, blocking interface; every
/// call may be made from any thread. Errors: io, corrupt, unavailable, deadline; others as stated.
///
/// A write that returned has been synced: no crash of process or machine loses it. A write that
/// did not return happened whole or not at all. Forecasts are the exception: they can be computed
/// again, so put_forecasts promises only "whole or not at all".
class Store : public AccountStore, public AlertStore, public WebhookStore {
 public:
  /// All heads, ascending by symbol.
  virtual Result<std::vector<SymbolRow>> symbols(const Call& call) = 0;
  virtual Result<std::optional<SymbolRow>> find_symbol(const domain::Symbol& symbol,
                                                       const Call& call) = 0;
  /// A number that differs from the one before whenever any head may have changed, by any process.
  /// Cheap enough to ask several times a second.
  virtual Result<std::uint64_t> heads_version(const Call& call) = 0;

  /// Inserts or corrects bars of one symbol, atomically; bars equal to what is stored count as
  /// unchanged, and if all are, the revision stays. `bars` are one or more, ascend strictly by time
  /// and have finite closes, else Code::invalid. A symbol stored with another asset type:
  /// Code::conflict.
  virtual Result<PutOutcome> put_bars(const domain::Symbol& symbol, domain::AssetType asset_type,
                                      std::span<const domain::Bar> bars, const Call& call) = 0;
  /// As put_bars, for several symbols (none twice) in one atomic write: a file that holds many
  /// lands whole or not at all. The outcomes are in the order of `batch`.
  virtual Result<std::vector<PutOutcome>> put_all_bars(std::span<const SymbolBars> batch,
                                                       const Call& call) = 0;
  /// The newest `count` bars with the revision and asset type they belong to, read as one
  /// snapshot; Code::not_found for an unknown symbol.
  virtual Result<domain::Series> last_bars(const domain::Symbol& symbol, std::size_t count,
                                           const Call& call) = 0;
  /// As last_bars, of a range; there may be none in it.
  virtual Result<domain::Series> bars(const domain::Symbol& symbol, const BarRange& range,
                                      const Call& call) = 0;

  /// A forecast whose id is stored already is left as it is: the same id means the same forecast.
  virtual Result<void> put_forecasts(std::span<const ForecastRow> rows, const Call& call) = 0;
  virtual Result<std::optional<ForecastRow>> find_forecast(const Hash128& id, const Call& call) = 0;
  /// Deletes forecasts created before `before`; returns how many.
  virtual Result<std::uint64_t> prune_forecasts(WallTime before, const Call& call) = 0;

  /// Adds new versions, all or none, as candidates or refused (else Code::invalid). Code::conflict
  /// if an id exists with other content; the same content again is fine, and leaves what is stored
  /// as it is, its status included.
  virtual Result<void> put_models(std::span<const ModelVersionRow> rows, const Call& call) = 0;
  virtual Result<std::optional<ModelVersionRow>> find_model(const std::string& id,
                                                            const Call& call) = 0;
  /// Newest first, at most filter.limit.
  virtual Result<std::vector<ModelVersionRow>> models(const ModelFilter& filter,
                                                      const Call& call) = 0;
  /// The champions, without their documents; quick however many versions there are.
  virtual Result<std::vector<ModelVersionRow>> champions(const Call& call) = 0;
  /// Makes a candidate the champion of its asset type and band, and the champion before it a
  /// candidate again, in one step. Nothing changes for who is champion already. Code::not_found;
  /// Code::conflict for what is retired or refused.
  virtual Result<void> promote_model(const std::string& id, WallTime when, const Call& call) = 0;
  /// Retires a candidate or champion for good. Nothing changes for who is retired already.
  /// Code::not_found; Code::conflict for what is refused.
  virtual Result<void> retire_model(const std::string& id, const std::string& reason, WallTime when,
                                    const Call& call) = 0;

  /// Stores the factor under the next revision, which is returned; where the payload is the one
  /// stored already, nothing changes. `market.revision` is not looked at.
  virtual Result<std::uint64_t> put_market(const MarketRow& market, const Call& call) = 0;
  virtual Result<std::optional<MarketRow>> find_market(domain::AssetType asset_type,
                                                       const Call& call) = 0;
  /// All factors without their payloads.
  virtual Result<std::vector<MarketRow>> markets(const Call& call) = 0;

  /// As heads_version, of the champions and market factors.
  virtual Result<std::uint64_t> registry_version(const Call& call) = 0;

  /// False if a job of that id exists already (it is left as it is). A new job is queued: another
  /// state is Code::invalid, and result, leased_until and attempts are not looked at.
  virtual Result<bool> put_job(const JobRow& job, const Call& call) = 0;
  virtual Result<std::optional<JobRow>> find_job(const std::string& id, const Call& call) = 0;
  /// Leases the oldest job that is queued, or whose lease ended at or before `now`, until `until`;
  /// each lease adds one to `attempts`. Nothing if no job is free.
  virtual Result<std::optional<JobRow>> lease_job(WallTime now, WallTime until,
                                                  const Call& call) = 0;
  /// Ends a job as done or failed (another state: Code::invalid) with its result, if it is leased
  /// with the same `attempts`, in time or not; Code::conflict otherwise.
  virtual Result<void> finish_job(const JobRow& job, const Call& call) = 0;
};

/// The SQLite store (WAL mode) at `path`, made (with the folders above it) or migrated as needed;
/// an empty path and ":memory:" are Code::invalid. Code::unavailable if another program holds it
/// locked, Code::corrupt if it is no store of ours, a newer or a damaged one, Code::io if the file
/// cannot be made or read.
Result<std::unique_ptr<Store>> open_sqlite(const std::string& path);

/// The store at `place`: a path, or SCHEME://PLACE with a scheme of the table in backends.cpp.
/// Code::invalid for another scheme; else as the open function of the backend.
Result<std::unique_ptr<Store>> open(const std::string& place);

}  // namespace ara::storage
