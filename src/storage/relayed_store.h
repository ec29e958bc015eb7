#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "storage/store.h"

namespace ara::storage {

/// A store made of others: every call goes through a door of `Self`, which chooses the store that
/// answers. The doors, each given what to ask of that store as `ask(Store&, const Call&)`:
///
///   read_head(symbol, call, ask)      of one symbol's head, which must be the newest
///   read_symbol(symbol, call, ask)    of its bars
///   write_symbol(symbol, call, ask)
///   read(call, ask)                   of all that is no symbol's
///   write(call, ask)
///
/// What spans symbols is left to Self: symbols, changed_heads, put_all_bars, put_forecasts,
/// find_forecast, prune_forecasts, finish_job, and all of SettlementStore.
template <class Self, class Base = Store>
class RelayedStore : public Base {
 public:
  Result<std::optional<SymbolRow>> find_symbol(const domain::Symbol& symbol,
                                               const Call& call) override {
    return self().read_head(symbol, call, [&](Store& to, const Call& to_call) {
      return to.find_symbol(symbol, to_call);
    });
  }
  Result<PutOutcome> put_bars(const domain::Symbol& symbol, domain::AssetType asset_type,
                              std::span<const domain::Bar> bars, const Call& call) override {
    return self().write_symbol(symbol, call, [&](Store& to, const Call& to_call) {
      return to.put_bars(symbol, asset_type, bars, to_call);
    });
  }
  Result<domain::Series> last_bars(const domain::Symbol& symbol, std::size_t count,
                                   const Call& call) override {
    return self().read_symbol(symbol, call, [&](Store& to, const Call& to_call) {
      return to.last_bars(symbol, count, to_call);
    });
  }
  Result<domain::Series> bars(const domain::Symbol& symbol, const BarRange& range,
                              const Call& call) override {
    return self().read_symbol(symbol, call, [&](Store& to, const Call& to_call) {
      return to.bars(symbol, range, to_call);
    });
  }
  Result<void> put_models(std::span<const ModelVersionRow> rows, const Call& call) override {
    return self().write(
        call, [&](Store& to, const Call& to_call) { return to.put_models(rows, to_call); });
  }
  Result<std::optional<ModelVersionRow>> find_model(const std::string& id,
                                                    const Call& call) override {
    return self().read(call,
                       [&](Store& to, const Call& to_call) { return to.find_model(id, to_call); });
  }
  Result<std::vector<ModelVersionRow>> models(const ModelFilter& filter,
                                              const Call& call) override {
    return self().read(call,
                       [&](Store& to, const Call& to_call) { return to.models(filter, to_call); });
  }
  Result<std::vector<ModelVersionRow>> champions(const Call& call) override {
    return self().read(call, [&](Store& to, const Call& to_call) { return to.champions(to_call); });
  }
  Result<void> promote_model(const std::string& id, WallTime when, const Call& call) override {
    return self().write(
        call, [&](Store& to, const Call& to_call) { return to.promote_model(id, when, to_call); });
  }
  Result<void> retire_model(const std::string& id, const std::string& reason, WallTime when,
                            const Call& call) override {
    return self().write(call, [&](Store& to, const Call& to_call) {
      return to.retire_model(id, reason, when, to_call);
    });
  }
  Result<std::uint64_t> put_market(const MarketRow& market, const Call& call) override {
    return self().write(
        call, [&](Store& to, const Call& to_call) { return to.put_market(market, to_call); });
  }
  Result<std::optional<MarketRow>> find_market(domain::AssetType asset_type,
                                               const Call& call) override {
    return self().read(
        call, [&](Store& to, const Call& to_call) { return to.find_market(asset_type, to_call); });
  }
  Result<std::vector<MarketRow>> markets(const Call& call) override {
    return self().read(call, [&](Store& to, const Call& to_call) { return to.markets(to_call); });
  }
  Result<std::uint64_t> registry_version(const Call& call) override {
    return self().read(
        call, [&](Store& to, const Call& to_call) { return to.registry_version(to_call); });
  }
  Result<WallTime> last_backup(const Call& call) override {
    return self().read(call,
                       [&](Store& to, const Call& to_call) { return to.last_backup(to_call); });
  }
  Result<PutJob> put_job(const JobRow& job, std::size_t most_open, const Call& call) override {
    return self().write(
        call, [&](Store& to, const Call& to_call) { return to.put_job(job, most_open, to_call); });
  }
  Result<std::optional<JobRow>> find_job(const std::string& id, const Call& call) override {
    return self().read(call,
                       [&](Store& to, const Call& to_call) { return to.find_job(id, to_call); });
  }
  Result<JobPage> jobs(const JobFilter& filter, const Call& call) override {
    return self().read(call,
                       [&](Store& to, const Call& to_call) { return to.jobs(filter, to_call); });
  }
  Result<JobCounts> count_jobs(const Call& call) override {
    return self().read(call,
                       [&](Store& to, const Call& to_call) { return to.count_jobs(to_call); });
  }
  Result<std::optional<JobRow>> lease_job(const JobLease& lease, const Call& call) override {
    return self().write(
        call, [&](Store& to, const Call& to_call) { return to.lease_job(lease, to_call); });
  }
  Result<void> touch_job(const JobTouch& touch, const Call& call) override {
    return self().write(
        call, [&](Store& to, const Call& to_call) { return to.touch_job(touch, to_call); });
  }
  Result<void> return_job(const JobReturn& back, const Call& call) override {
    return self().write(
        call, [&](Store& to, const Call& to_call) { return to.return_job(back, to_call); });
  }
  Result<JobRow> cancel_job(const std::string& id, WallTime now, WallTime expires,
                            const Call& call) override {
    return self().write(call, [&](Store& to, const Call& to_call) {
      return to.cancel_job(id, now, expires, to_call);
    });
  }
  Result<std::uint64_t> prune_jobs(WallTime now, const Call& call) override {
    return self().write(
        call, [&](Store& to, const Call& to_call) { return to.prune_jobs(now, to_call); });
  }
  Result<std::uint64_t> accounts_version(const Call& call) override {
    return self().read(
        call, [&](Store& to, const Call& to_call) { return to.accounts_version(to_call); });
  }
  Result<void> put_account(const AccountRow& row, const AuditRow& audit,
                           const Call& call) override {
    return self().write(
        call, [&](Store& to, const Call& to_call) { return to.put_account(row, audit, to_call); });
  }
  Result<AccountRow> change_account(const std::string& id, const AccountChange& change,
                                    const AuditRow& audit, const Call& call) override {
    return self().write(call, [&](Store& to, const Call& to_call) {
      return to.change_account(id, change, audit, to_call);
    });
  }
  Result<std::optional<AccountRow>> find_account(const std::string& id, const Call& call) override {
    return self().read(
        call, [&](Store& to, const Call& to_call) { return to.find_account(id, to_call); });
  }
  Result<std::optional<AccountRow>> find_account_by_email(const std::string& email,
                                                          const Call& call) override {
    return self().read(call, [&](Store& to, const Call& to_call) {
      return to.find_account_by_email(email, to_call);
    });
  }
  Result<std::vector<AccountRow>> accounts(const Call& call) override {
    return self().read(call, [&](Store& to, const Call& to_call) { return to.accounts(to_call); });
  }
  Result<void> put_api_key(const ApiKeyRow& row, std::size_t most, const AuditRow& audit,
                           const Call& call) override {
    return self().write(call, [&](Store& to, const Call& to_call) {
      return to.put_api_key(row, most, audit, to_call);
    });
  }
  Result<ApiKeyRow> revoke_api_key(const std::string& account_id, const std::string& id,
                                   const AuditRow& audit, const Call& call) override {
    return self().write(call, [&](Store& to, const Call& to_call) {
      return to.revoke_api_key(account_id, id, audit, to_call);
    });
  }
  Result<ApiKeyRow> rotate_api_key(const std::string& account_id, const std::string& id,
                                   const std::string& hash, const std::string& prefix,
                                   const AuditRow& audit, const Call& call) override {
    return self().write(call, [&](Store& to, const Call& to_call) {
      return to.rotate_api_key(account_id, id, hash, prefix, audit, to_call);
    });
  }
  Result<void> remove_api_key(const std::string& account_id, const std::string& id,
                              const AuditRow& audit, const Call& call) override {
    return self().write(call, [&](Store& to, const Call& to_call) {
      return to.remove_api_key(account_id, id, audit, to_call);
    });
  }
  Result<std::vector<ApiKeyRow>> api_keys(const std::string& account_id,
                                          const Call& call) override {
    return self().read(
        call, [&](Store& to, const Call& to_call) { return to.api_keys(account_id, to_call); });
  }
  Result<void> note_key_uses(std::span<const KeyUse> uses, const Call& call) override {
    return self().write(
        call, [&](Store& to, const Call& to_call) { return to.note_key_uses(uses, to_call); });
  }
  Result<void> put_audit(const AuditRow& audit, const Call& call) override {
    return self().write(
        call, [&](Store& to, const Call& to_call) { return to.put_audit(audit, to_call); });
  }
  Result<std::vector<AuditRow>> audit_log(std::size_t limit, const Call& call) override {
    return self().read(
        call, [&](Store& to, const Call& to_call) { return to.audit_log(limit, to_call); });
  }
  Result<DayLease> lease_requests(const std::string& account_id, std::int64_t day,
                                  std::int64_t owed, std::int64_t want, std::int64_t limit,
                                  const Call& call) override {
    return self().write(call, [&](Store& to, const Call& to_call) {
      return to.lease_requests(account_id, day, owed, want, limit, to_call);
    });
  }
  Result<std::vector<DayUsageRow>> day_usage(std::int64_t day, const Call& call) override {
    return self().read(call,
                       [&](Store& to, const Call& to_call) { return to.day_usage(day, to_call); });
  }
  Result<void> replace_alerts(const std::string& account, const std::vector<AlertRow>& rows,
                              const Call& call) override {
    return self().write(call, [&](Store& to, const Call& to_call) {
      return to.replace_alerts(account, rows, to_call);
    });
  }
  Result<std::vector<AlertRow>> alerts_of(const std::string& account, const Call& call) override {
    return self().read(
        call, [&](Store& to, const Call& to_call) { return to.alerts_of(account, to_call); });
  }
  Result<std::vector<AlertRow>> alerts_on(const domain::Symbol& symbol, const Call& call) override {
    return self().read(
        call, [&](Store& to, const Call& to_call) { return to.alerts_on(symbol, to_call); });
  }
  Result<bool> mark_alert(const AlertRow& row, bool holds, const Call& call) override {
    return self().write(
        call, [&](Store& to, const Call& to_call) { return to.mark_alert(row, holds, to_call); });
  }
  Result<void> put_webhook(const WebhookRow& row, std::size_t most, const Call& call) override {
    return self().write(
        call, [&](Store& to, const Call& to_call) { return to.put_webhook(row, most, to_call); });
  }
  Result<void> update_webhook(const WebhookRow& row, const Call& call) override {
    return self().write(
        call, [&](Store& to, const Call& to_call) { return to.update_webhook(row, to_call); });
  }
  Result<bool> delete_webhook(const std::string& account, const std::string& id,
                              const Call& call) override {
    return self().write(call, [&](Store& to, const Call& to_call) {
      return to.delete_webhook(account, id, to_call);
    });
  }
  Result<std::optional<WebhookRow>> find_webhook(const std::string& account, const std::string& id,
                                                 const Call& call) override {
    return self().read(call, [&](Store& to, const Call& to_call) {
      return to.find_webhook(account, id, to_call);
    });
  }
  Result<Listed<WebhookRow>> webhooks(const std::string& account, bool active_only, Window window,
                                      const Call& call) override {
    return self().read(call, [&](Store& to, const Call& to_call) {
      return to.webhooks(account, active_only, window, to_call);
    });
  }
  Result<bool> wants_event(std::string_view type, const Call& call) override {
    return self().read(
        call, [&](Store& to, const Call& to_call) { return to.wants_event(type, to_call); });
  }
  Result<std::uint64_t> put_event(const EventRow& event, std::size_t backlog,
                                  const Call& call) override {
    return self().write(call, [&](Store& to, const Call& to_call) {
      return to.put_event(event, backlog, to_call);
    });
  }
  Result<DeliveryRow> put_test_event(const EventRow& event, const std::string& webhook,
                                     std::size_t backlog, const Call& call) override {
    return self().write(call, [&](Store& to, const Call& to_call) {
      return to.put_test_event(event, webhook, backlog, to_call);
    });
  }
  Result<std::vector<LeasedDelivery>> lease_deliveries(WallTime now, WallTime until,
                                                       std::size_t limit,
                                                       const Call& call) override {
    return self().write(call, [&](Store& to, const Call& to_call) {
      return to.lease_deliveries(now, until, limit, to_call);
    });
  }
  Result<void> finish_delivery(const DeliveryRow& row, WallTime now, const Call& call) override {
    return self().write(call, [&](Store& to, const Call& to_call) {
      return to.finish_delivery(row, now, to_call);
    });
  }
  Result<Listed<DeliveryRow>> deliveries(const std::string& account, const std::string& webhook,
                                         std::optional<DeliveryStatus> status, Window window,
                                         const Call& call) override {
    return self().read(call, [&](Store& to, const Call& to_call) {
      return to.deliveries(account, webhook, status, window, to_call);
    });
  }
  Result<std::uint64_t> prune_deliveries(WallTime before, const Call& call) override {
    return self().write(
        call, [&](Store& to, const Call& to_call) { return to.prune_deliveries(before, to_call); });
  }

 private:
  Self& self() { return static_cast<Self&>(*this); }
};

}  // namespace ara::storage
