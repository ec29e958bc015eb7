#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>

#include "storage/moved.h"
#include "storage/postgres_pool.h"
#include "storage/shard_map.h"
#include "storage/store.h"
#include "storage/times.h"

namespace ara::storage {

class PostgresStore;

/// A store of one PostgreSQL cluster as one shard of several: it refuses what lies in slots that
/// its database does not own, by the error moved().
class PgShard : public Store {
 public:
  /// The heads in `slots`; moved() unless all of those are here.
  virtual Result<std::vector<SymbolRow>> symbols_in(std::span<const SlotRange> slots,
                                                    const Call& call) = 0;
  /// As changed_heads, of those in `slots`; moved() unless all of those are here.
  virtual Result<HeadChanges> changed_in(std::span<const SlotRange> slots, const HeadsMark& mark,
                                         const Call& call) = 0;
  /// The epoch of the shard map, where this is the catalog.
  virtual Result<std::uint64_t> map_epoch(const Call& call) = 0;
  /// The part that writes.
  virtual PostgresStore& primary() = 0;
};

/// Store in one PostgreSQL database. Bars lie in native partitions by slot. A write whose
/// connection was lost while it committed is settled, not guessed: each carries a token, which is
/// stored with it, and the try that follows sees whether the token is there.
class PostgresStore final : public PgShard {
 public:
  /// `meters` may be null.
  PostgresStore(PgPlace place, PgRole role, const PgPoolLimits& limits, DbMetersPtr meters);

  Result<std::vector<SymbolRow>> symbols(const Call& call) override;
  Result<std::optional<SymbolRow>> find_symbol(const domain::Symbol& symbol,
                                               const Call& call) override;
  Result<HeadChanges> changed_heads(const HeadsMark& mark, const Call& call) override {
    return changed_in({&kAllSlots, 1}, mark, call);
  }
  Result<std::vector<SymbolRow>> symbols_in(std::span<const SlotRange> slots,
                                            const Call& call) override;
  Result<HeadChanges> changed_in(std::span<const SlotRange> slots, const HeadsMark& mark,
                                 const Call& call) override;
  Result<std::uint64_t> map_epoch(const Call& call) override;
  PostgresStore& primary() override { return *this; }

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

  /// How a server stands in its cluster; positions are bytes of the write-ahead log.
  struct Standing {
    bool standby = false;
    std::uint64_t position = 0;  ///< written by a primary, replayed by a standby
    std::uint64_t received = 0;  ///< by a standby, replayed or not
    bool paused = false;         ///< a standby whose replay was told to pause
  };
  Result<Standing> standing(const Call& call);
  /// A position that all writes through this object, and all bars and versions it has read, lie
  /// before.
  std::uint64_t known_position() const { return known_.load(std::memory_order_acquire); }
  void know(std::uint64_t position);

  /// Runs `body`, given a connection, as one transaction, again where the connection was lost. The
  /// body may run several times, and takes effect once. moved() unless `slots` are all owned here,
  /// where they stay until the transaction ends.
  template <class Body>
  auto write(DbOperation operation, const Call& call, Body body, std::vector<int> slots = {})
      -> std::invoke_result_t<Body&, PgConnection&>;
  /// Runs `body`, which reads by one statement, and so from one snapshot; again where the
  /// connection was lost.
  template <class Body>
  auto read(DbOperation operation, const Call& call, Body body)
      -> std::invoke_result_t<Body&, PgConnection&>;
  /// For a transaction that is part of one over several shards.
  Result<PgPool::Lease> connection(const Call& call) {
    return pool_.take(call, DbOperation::fleet);
  }
  const PgPlace& place() const { return pool_.place(); }

 private:
  /// To champion or retired, in one transaction.
  Result<void> change_status(const std::string& id, ModelStatus to, const std::string& reason,
                             WallTime when, const Call& call);
  Result<std::uint64_t> read_version(DbOperation operation, std::string_view name,
                                     const Call& call);

  PgPool pool_;
  std::atomic<std::uint64_t> known_ = 0;
};

/// The store of a cluster of servers: writes to the primary, wherever it is; reads of bars and
/// forecasts from standbys that are near enough and have all that this object has written or seen.
std::unique_ptr<PgShard> make_replicated(const PgPlace& place, const PgPoolLimits& pool,
                                         const DbMetersPtr& meters);

/// A column: the position of the log, written or on a standby replayed, no less than that of all
/// that the statement sees. Asked once a statement.
#define ARA_PG_POSITION                                                        \
  "(SELECT (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE " \
  "pg_current_wal_insert_lsn() END - '0/0'::pg_lsn)::bigint)"

/// Ascending, each once, as hold_slots wants them.
void sort_slots(std::vector<int>& slots);
/// "{1,2}"
std::string pg_array(std::span<const int> numbers);

/// Of one write, through all its tries.
class PgAttempt {
 public:
  PgAttempt();

  /// Opens the transaction and holds `slots`, ascending. True if an earlier try was committed
  /// after all: then all that is left to do is to commit this one, which makes sure of that.
  Result<bool> begin(PgConnection& connection, std::span<const int> slots) const;
  /// Code::unavailable also where the server cannot promise that its standby has the commit.
  /// The position of the log after it.
  static Result<std::uint64_t> commit(PgConnection& connection);
  static void roll_back(PgConnection& connection);
  /// Waits a moment before the next try; false where `error` or the deadline leaves no sense in it.
  bool again(const Error& error, const Call& call);

 private:
  std::string token_;  ///< in hexadecimal
  std::chrono::milliseconds pause_{10};
  SteadyTime give_up_;
};

template <class Body>
auto PostgresStore::write(DbOperation operation, const Call& call, Body body,
                          std::vector<int> slots) -> std::invoke_result_t<Body&, PgConnection&> {
  sort_slots(slots);
  PgAttempt attempt;
  std::optional<std::invoke_result_t<Body&, PgConnection&>> answer;
  for (;;) {
    Error error;
    if (auto lease = pool_.take(call, operation)) {
      PgConnection& connection = **lease;
      const auto settled = attempt.begin(connection, slots);
      if (settled && !*settled) answer = body(connection);
      if (!settled) {
        error = settled.error();
      } else if (!*answer) {
        PgAttempt::roll_back(connection);
        error = answer->error();
      } else if (const auto done = PgAttempt::commit(connection)) {
        know(*done);
        return std::move(*answer);
      } else {
        error = done.error();
      }
      if (connection.in_transaction()) PgAttempt::roll_back(connection);
      lease->note(error);
    } else {
      error = lease.error();
    }
    if (!attempt.again(error, call)) return std::unexpected(std::move(error));
  }
}

template <class Body>
auto PostgresStore::read(DbOperation operation, const Call& call, Body body)
    -> std::invoke_result_t<Body&, PgConnection&> {
  PgAttempt attempt;
  for (;;) {
    auto lease = pool_.take(call, operation);
    auto answer = lease
                      ? body(**lease)
                      : std::invoke_result_t<Body&, PgConnection&>(std::unexpected(lease.error()));
    if (lease && !answer) lease->note(answer.error());
    if (answer || !attempt.again(answer.error(), call)) return answer;
  }
}

/// `rows` without its content.
inline Result<void> only_done(const Result<PgRows>& rows) {
  if (!rows) return std::unexpected(rows.error());
  return {};
}

/// What a write changed that others watch: see PostgresStore::registry_version and its like.
Result<void> count_change(PgConnection& connection, std::string_view name);

/// Adds an entry to the audit log, within the transaction of what it tells of.
Result<void> write_audit(PgConnection& connection, const AuditRow& audit);

// Writes within a transaction of the caller.
Result<void> write_versions(PgConnection& connection, std::span<const ModelVersionRow> rows);
/// Counts the change itself.
Result<void> write_status(PgConnection& connection, const std::string& id, ModelStatus to,
                          const std::string& reason, WallTime when);
/// finish_job of an end that was checked.
Result<void> write_end(PgConnection& connection, const JobEnd& end);
/// The deliveries of an event, to all webhooks that want it or, if it is named, to one; how many.
Result<std::uint64_t> write_event(PgConnection& connection, const EventRow& event,
                                  const std::string& webhook, std::size_t backlog);

}  // namespace ara::storage
