#pragma once

#include <string>

#include "storage/sqlite_pool.h"
#include "storage/store.h"
#include "storage/times.h"

namespace ara::storage {

/// Store in one SQLite file. Writes go through one connection, so this process never contends with
/// itself for the write lock of the file; reads through up to kReaders others, which WAL mode lets
/// see the last commit meanwhile.
class SqliteStore final : public Store {
 public:
  static constexpr std::size_t kReaders = 8;

  /// As open_sqlite. `path` names a file.
  static Result<std::unique_ptr<Store>> open(const std::string& path, DbMetersPtr meters);
  /// `meters` may be null.
  SqliteStore(const std::string& path, const DbMetersPtr& meters);

  Result<std::vector<SymbolRow>> symbols(const Call& call) override;
  Result<std::optional<SymbolRow>> find_symbol(const domain::Symbol& symbol,
                                               const Call& call) override;
  Result<HeadChanges> changed_heads(const HeadsMark& mark, const Call& call) override;

  Result<PutOutcome> put_bars(const domain::Symbol& symbol, domain::AssetType asset_type,
                              std::span<const domain::Bar> bars, const Call& call) override;
  Result<std::vector<PutOutcome>> put_all_bars(std::span<const SymbolBars> batch,
                                               const Call& call) override;
  Result<domain::Series> last_bars(const domain::Symbol& symbol, std::size_t count,
                                   const Call& call) override;
  Result<domain::Series> bars(const domain::Symbol& symbol, const BarRange& range,
                              const Call& call) override;

  Result<void> put_forecasts(std::span<const ForecastRow> rows, const Call& call) override;
  Result<std::optional<ForecastRow>> find_forecast(const Hash128& id, const Call& call) override;
  Result<std::uint64_t> prune_forecasts(WallTime before, const Call& call) override;

  Result<void> put_models(std::span<const ModelVersionRow> rows, const Call& call) override;
  Result<std::optional<ModelVersionRow>> find_model(const std::string& id,
                                                    const Call& call) override;
  Result<std::vector<ModelVersionRow>> models(const ModelFilter& filter, const Call& call) override;
  Result<std::vector<ModelVersionRow>> champions(const Call& call) override;
  Result<void> promote_model(const std::string& id, WallTime when, const Call& call) override;
  Result<void> retire_model(const std::string& id, const std::string& reason, WallTime when,
                            const Call& call) override;

  Result<std::uint64_t> put_market(const MarketRow& market, const Call& call) override;
  Result<std::optional<MarketRow>> find_market(domain::AssetType asset_type,
                                               const Call& call) override;
  Result<std::vector<MarketRow>> markets(const Call& call) override;

  Result<std::uint64_t> registry_version(const Call& call) override;
  Result<WallTime> last_backup(const Call& call) override;

  Result<PutJob> put_job(const JobRow& job, std::size_t most_open, const Call& call) override;
  Result<std::optional<JobRow>> find_job(const std::string& id, const Call& call) override;
  Result<JobPage> jobs(const JobFilter& filter, const Call& call) override;
  Result<JobCounts> count_jobs(const Call& call) override;
  Result<std::optional<JobRow>> lease_job(const JobLease& lease, const Call& call) override;
  Result<void> touch_job(const JobTouch& touch, const Call& call) override;
  Result<void> return_job(const JobReturn& back, const Call& call) override;
  Result<void> finish_job(const JobEnd& end, const Call& call) override;
  Result<JobRow> cancel_job(const std::string& id, WallTime now, WallTime expires,
                            const Call& call) override;
  Result<std::uint64_t> prune_jobs(WallTime now, const Call& call) override;

  Result<std::uint64_t> accounts_version(const Call& call) override;
  Result<void> put_account(const AccountRow& row, const AuditRow& audit, const Call& call) override;
  Result<AccountRow> change_account(const std::string& id, const AccountChange& change,
                                    const AuditRow& audit, const Call& call) override;
  Result<std::optional<AccountRow>> find_account(const std::string& id, const Call& call) override;
  Result<std::optional<AccountRow>> find_account_by_email(const std::string& email,
                                                          const Call& call) override;
  Result<std::vector<AccountRow>> accounts(const Call& call) override;
  Result<void> put_api_key(const ApiKeyRow& row, std::size_t most, const AuditRow& audit,
                           const Call& call) override;
  Result<ApiKeyRow> revoke_api_key(const std::string& account_id, const std::string& id,
                                   const AuditRow& audit, const Call& call) override;
  Result<ApiKeyRow> rotate_api_key(const std::string& account_id, const std::string& id,
                                   const std::string& hash, const std::string& prefix,
                                   const AuditRow& audit, const Call& call) override;
  Result<void> remove_api_key(const std::string& account_id, const std::string& id,
                              const AuditRow& audit, const Call& call) override;
  Result<std::vector<ApiKeyRow>> api_keys(const std::string& account_id, const Call& call) override;
  Result<void> note_key_uses(std::span<const KeyUse> uses, const Call& call) override;
  Result<void> put_audit(const AuditRow& audit, const Call& call) override;
  Result<std::vector<AuditRow>> audit_log(std::size_t limit, const Call& call) override;
  Result<DayLease> lease_requests(const std::string& account_id, std::int64_t day,
                                  std::int64_t owed, std::int64_t want, std::int64_t limit,
                                  const Call& call) override;
  Result<std::vector<DayUsageRow>> day_usage(std::int64_t day, const Call& call) override;

  Result<void> replace_alerts(const std::string& account, const std::vector<AlertRow>& rows,
                              const Call& call) override;
  Result<std::vector<AlertRow>> alerts_of(const std::string& account, const Call& call) override;
  Result<std::vector<AlertRow>> alerts_on(const domain::Symbol& symbol, const Call& call) override;
  Result<bool> mark_alert(const AlertRow& row, bool holds, const Call& call) override;

  Result<void> put_webhook(const WebhookRow& row, std::size_t most, const Call& call) override;
  Result<void> update_webhook(const WebhookRow& row, const Call& call) override;
  Result<bool> delete_webhook(const std::string& account, const std::string& id,
                              const Call& call) override;
  Result<std::optional<WebhookRow>> find_webhook(const std::string& account, const std::string& id,
                                                 const Call& call) override;
  Result<Listed<WebhookRow>> webhooks(const std::string& account, bool active_only, Window window,
                                      const Call& call) override;
  Result<bool> wants_event(std::string_view type, const Call& call) override;
  Result<std::uint64_t> put_event(const EventRow& event, std::size_t backlog,
                                  const Call& call) override;
  Result<DeliveryRow> put_test_event(const EventRow& event, const std::string& webhook,
                                     std::size_t backlog, const Call& call) override;
  Result<std::vector<LeasedDelivery>> lease_deliveries(WallTime now, WallTime until,
                                                       std::size_t limit,
                                                       const Call& call) override;
  Result<void> finish_delivery(const DeliveryRow& row, WallTime now, const Call& call) override;
  Result<Listed<DeliveryRow>> deliveries(const std::string& account, const std::string& webhook,
                                         std::optional<DeliveryStatus> status, Window window,
                                         const Call& call) override;
  Result<std::uint64_t> prune_deliveries(WallTime before, const Call& call) override;

  Result<void> expect(std::span<const ExpectationRow> rows, const Call& call) override;
  Result<std::vector<ExpectationRow>> lease_settlements(WallTime now, WallTime until,
                                                        domain::Date today, std::size_t limit,
                                                        const Call& call) override;
  Result<std::uint64_t> settle(std::span<const SettlementRow> rows, const Call& call) override;
  Result<std::vector<SettlementRow>> settled(domain::AssetType asset_type, std::size_t limit,
                                             const Call& call) override;
  Result<std::uint64_t> prune_settlements(WallTime before, const Call& call) override;

 private:
  /// Whether a commit is on the disk when it returns; without, a crash of the machine may undo the
  /// newest ones, never half of one.
  enum class Sync { full, none };
  Result<SqlitePool::Lease> writer(const Call& call, Sync sync, DbOperation operation);

  /// The one number that `sql`, a literal, reads from the heads row.
  Result<std::uint64_t> read_count(std::string_view sql, const Call& call, DbOperation operation);
  /// To champion or retired, in one transaction.
  Result<void> change_status(const std::string& id, ModelStatus to, const std::string& reason,
                             WallTime when, const Call& call);

  // The writer closes last: the last connection to close moves what the log holds into the file.
  SqlitePool writer_;
  Sync synced_ = Sync::none;  ///< what the writer is set to; touched by who holds the writer
  SqlitePool readers_;
};

/// The one number that `statement`, bound already, gives; 0 where it gives no row.
Result<std::uint64_t> number_of(SqliteStatement& statement);

/// A symbol's row with the number by which bars name it.
struct SqliteHead {
  std::int64_t id = 0;
  SymbolRow row;
};

/// A symbol's head as `connection` sees it now; nothing if there is none.
Result<std::optional<SqliteHead>> read_head(SqliteConnection& connection,
                                            const domain::Symbol& symbol);

/// Counts a write in the heads row, so that its commit always writes and therefore syncs, even
/// where it found everything stored already: a process that was killed before its own sync may have
/// been the one who stored it. A change of heads advances the mark of heads, one of champions or
/// market factors registry_version, one of accounts or keys accounts_version.
enum class Changed { nothing, heads, registry, accounts };
Result<void> note_write(SqliteConnection& connection, Changed changed);

/// Adds an entry to the audit log, within the transaction of what it tells of.
Result<void> write_audit(SqliteConnection& connection, const AuditRow& audit);

// Writes within a transaction of the caller, who notes them.
Result<void> write_forecasts(SqliteConnection& connection, std::span<const ForecastRow> rows);
Result<void> write_versions(SqliteConnection& connection, std::span<const ModelVersionRow> rows);
/// The deliveries of an event, to all webhooks that want it or, if it is named, to one; how many.
Result<std::uint64_t> write_event(SqliteConnection& connection, const EventRow& event,
                                  const std::string& webhook, std::size_t backlog);
/// registry, or nothing for what has that status already.
Result<Changed> write_status(SqliteConnection& connection, const std::string& id, ModelStatus to,
                             const std::string& reason, WallTime when);

}  // namespace ara::storage
