#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "storage/accounts.h"
#include "storage/alerts.h"
#include "storage/jobs.h"
#include "storage/rows.h"
#include "storage/settlements.h"
#include "storage/webhooks.h"

namespace ara::storage {

class DbMeters;

/// Where bars, forecasts, models, jobs and accounts are kept. One narrow, blocking interface; every
/// call may be made from any thread. Errors: io, corrupt, unavailable, deadline; others as stated.
///
/// A write that returned has been synced: no crash of process or machine loses it. A write that
/// did not return happened whole or not at all. Forecasts are the exception: they can be computed
/// again, so put_forecasts promises only "whole or not at all".
class Store : public AccountStore,
              public AlertStore,
              public JobStore,
              public SettlementStore,
              public WebhookStore {
 public:
  /// All heads, ascending by symbol.
  virtual Result<std::vector<SymbolRow>> symbols(const Call& call) = 0;
  virtual Result<std::optional<SymbolRow>> find_symbol(const domain::Symbol& symbol,
                                                       const Call& call) = 0;
  /// The heads that any process has made or changed since `mark`, none left out however the writes
  /// overlapped; all of them where the mark is empty, or of a store that has been set back since.
  /// The mark that is given stays as it is until a head changes. Costs what has changed: cheap
  /// enough to ask several times a second.
  virtual Result<HeadChanges> changed_heads(const HeadsMark& mark, const Call& call) = 0;

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

  /// A number that differs from the one before whenever a champion or market factor may have
  /// changed, by any process. Cheap enough to ask several times a second.
  virtual Result<std::uint64_t> registry_version(const Call& call) = 0;

  /// When a backup was last noted (storage::note_backup); where none ever was, when the store was
  /// made.
  virtual Result<WallTime> last_backup(const Call& call) = 0;
};

/// The SQLite store (WAL mode) at `path`, made (with the folders above it) or migrated as needed;
/// an empty path and ":memory:" are Code::invalid. Code::unavailable if another program holds it
/// locked, Code::corrupt if it is no store of ours, a newer or a damaged one, Code::io if the file
/// cannot be made or read.
Result<std::unique_ptr<Store>> open_sqlite(const std::string& path,
                                           std::shared_ptr<DbMeters> meters = nullptr);

/// Of stores that connect to servers, but for the meters, which are of all.
struct StoreOptions {
  std::size_t connections = 12;                ///< to each server, at most; 1 or more
  std::chrono::milliseconds wait{2000};        ///< for one that is free
  std::chrono::seconds connection_age{1800};   ///< then it is replaced
  std::shared_ptr<DbMeters> meters = nullptr;  ///< what counts the calls; null: nothing does
};

/// The PostgreSQL store at a connection URI, "postgresql://USER:PASSWORD@HOST:PORT,…/DATABASE",
/// with one or more servers of one cluster, of which the primary is found and found again. Its
/// tables are made or migrated as needed. Code::unavailable if no primary answers within a minute.
Result<std::unique_ptr<Store>> open_postgres(const std::string& uri,
                                             const StoreOptions& options = {});

/// The store at `place`: a path, or SCHEME://PLACE with a scheme of the table in backends.cpp.
/// Code::invalid for another scheme; else as the open function of the backend.
Result<std::unique_ptr<Store>> open(const std::string& place, const StoreOptions& options = {});

}  // namespace ara::storage
