#pragma once

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "storage/store.h"
#include "support/forward_accounts.h"

namespace ara::support {

/// The calls of a Store, to say which should fail.
enum class StoreCall {
  symbols,
  find_symbol,
  changed_heads,
  put_bars,
  put_all_bars,
  last_bars,
  bars,
  put_forecasts,
  find_forecast,
  prune_forecasts,
  put_models,
  find_model,
  models,
  champions,
  promote_model,
  retire_model,
  put_market,
  find_market,
  markets,
  registry_version,
  last_backup,
  put_job,
  find_job,
  jobs,
  count_jobs,
  lease_job,
  touch_job,
  return_job,
  finish_job,
  cancel_job,
  prune_jobs,
  replace_alerts,
  alerts_of,
  alerts_on,
  mark_alert,
  put_webhook,
  update_webhook,
  delete_webhook,
  find_webhook,
  webhooks,
  put_event,
  put_test_event,
  lease_deliveries,
  finish_delivery,
  deliveries,
  prune_deliveries,
  wants_event,
};
inline constexpr std::size_t kStoreCalls = static_cast<std::size_t>(StoreCall::wants_event) + 1;

/// A Store in front of another that fails, delays or holds chosen calls, always the same ones: the
/// n-th of its kind, or all from the n-th on. Every call is counted. Thread-safe.
class FaultyStore final : public ForwardAccounts {
 public:
  explicit FaultyStore(std::shared_ptr<storage::Store> inner)
      : ForwardAccounts(inner), inner_(std::move(inner)) {}

  /// Lets `skip` calls of that kind pass from now on, then fails `count` of them before they reach
  /// the store.
  void fail(StoreCall kind, Code code, std::uint64_t count = UINT64_MAX, std::uint64_t skip = 0) {
    const std::lock_guard lock(mutex_);
    plan(kind) = {seen(kind) + skip, count, code};
  }
  /// As fail, but the call is done first and then reported as failed, as when an answer is lost.
  void fail_after(StoreCall kind, Code code, std::uint64_t count = UINT64_MAX,
                  std::uint64_t skip = 0) {
    const std::lock_guard lock(mutex_);
    plan(kind) = {seen(kind) + skip, count, code, true};
  }
  /// Calls of that kind wait until release(), or fail with Code::deadline at their deadline.
  void hold(StoreCall kind) {
    const std::lock_guard lock(mutex_);
    held_[index(kind)] = true;
  }
  /// Calls of that kind take so long, or fail with Code::deadline at their deadline.
  void delay(StoreCall kind, std::chrono::milliseconds time) {
    const std::lock_guard lock(mutex_);
    delay_[index(kind)] = time;
  }
  /// From now on heads and newest bars come from `behind`, except where only the newest will do.
  void read_behind(std::shared_ptr<storage::Store> behind) {
    const std::lock_guard lock(mutex_);
    behind_ = std::move(behind);
  }
  /// Takes back all that was asked for.
  void release() {
    {
      const std::lock_guard lock(mutex_);
      plans_ = {};
      held_ = {};
      delay_ = {};
      behind_ = nullptr;
    }
    changed_.notify_all();
  }
  /// How many calls of that kind have been made, failed ones included.
  std::uint64_t calls(StoreCall kind) const {
    const std::lock_guard lock(mutex_);
    return seen_[index(kind)];
  }

  Result<std::vector<storage::SymbolRow>> symbols(const Call& call) override {
    return through(StoreCall::symbols, call, [&] { return inner_->symbols(call); });
  }
  Result<std::optional<storage::SymbolRow>> find_symbol(const domain::Symbol& symbol,
                                                        const Call& call) override {
    return through(StoreCall::find_symbol, call,
                   [&] { return read_from(call).find_symbol(symbol, call); });
  }
  Result<storage::HeadChanges> changed_heads(const storage::HeadsMark& mark,
                                             const Call& call) override {
    return through(StoreCall::changed_heads, call,
                   [&] { return inner_->changed_heads(mark, call); });
  }
  Result<storage::PutOutcome> put_bars(const domain::Symbol& symbol, domain::AssetType asset_type,
                                       std::span<const domain::Bar> bars,
                                       const Call& call) override {
    return through(StoreCall::put_bars, call,
                   [&] { return inner_->put_bars(symbol, asset_type, bars, call); });
  }
  Result<std::vector<storage::PutOutcome>> put_all_bars(std::span<const storage::SymbolBars> batch,
                                                        const Call& call) override {
    return through(StoreCall::put_all_bars, call,
                   [&] { return inner_->put_all_bars(batch, call); });
  }
  Result<domain::Series> bars(const domain::Symbol& symbol, const storage::BarRange& range,
                              const Call& call) override {
    return through(StoreCall::bars, call, [&] { return inner_->bars(symbol, range, call); });
  }
  Result<domain::Series> last_bars(const domain::Symbol& symbol, std::size_t count,
                                   const Call& call) override {
    return through(StoreCall::last_bars, call,
                   [&] { return read_from(call).last_bars(symbol, count, call); });
  }
  Result<void> put_forecasts(std::span<const storage::ForecastRow> rows,
                             const Call& call) override {
    return through(StoreCall::put_forecasts, call,
                   [&] { return inner_->put_forecasts(rows, call); });
  }
  Result<std::optional<storage::ForecastRow>> find_forecast(const Hash128& id,
                                                            const Call& call) override {
    return through(StoreCall::find_forecast, call, [&] { return inner_->find_forecast(id, call); });
  }
  Result<std::uint64_t> prune_forecasts(WallTime before, const Call& call) override {
    return through(StoreCall::prune_forecasts, call,
                   [&] { return inner_->prune_forecasts(before, call); });
  }
  Result<void> put_models(std::span<const storage::ModelVersionRow> rows,
                          const Call& call) override {
    return through(StoreCall::put_models, call, [&] { return inner_->put_models(rows, call); });
  }
  Result<std::optional<storage::ModelVersionRow>> find_model(const std::string& id,
                                                             const Call& call) override {
    return through(StoreCall::find_model, call, [&] { return inner_->find_model(id, call); });
  }
  Result<std::vector<storage::ModelVersionRow>> models(const storage::ModelFilter& filter,
                                                       const Call& call) override {
    return through(StoreCall::models, call, [&] { return inner_->models(filter, call); });
  }
  Result<std::vector<storage::ModelVersionRow>> champions(const Call& call) override {
    return through(StoreCall::champions, call, [&] { return inner_->champions(call); });
  }
  Result<void> promote_model(const std::string& id, WallTime when, const Call& call) override {
    return through(StoreCall::promote_model, call,
                   [&] { return inner_->promote_model(id, when, call); });
  }
  Result<void> retire_model(const std::string& id, const std::string& reason, WallTime when,
                            const Call& call) override {
    return through(StoreCall::retire_model, call,
                   [&] { return inner_->retire_model(id, reason, when, call); });
  }
  Result<std::uint64_t> put_market(const storage::MarketRow& market, const Call& call) override {
    return through(StoreCall::put_market, call, [&] { return inner_->put_market(market, call); });
  }
  Result<std::optional<storage::MarketRow>> find_market(domain::AssetType asset_type,
                                                        const Call& call) override {
    return through(StoreCall::find_market, call,
                   [&] { return inner_->find_market(asset_type, call); });
  }
  Result<std::vector<storage::MarketRow>> markets(const Call& call) override {
    return through(StoreCall::markets, call, [&] { return inner_->markets(call); });
  }
  Result<std::uint64_t> registry_version(const Call& call) override {
    return through(StoreCall::registry_version, call,
                   [&] { return inner_->registry_version(call); });
  }
  Result<WallTime> last_backup(const Call& call) override {
    return through(StoreCall::last_backup, call, [&] { return inner_->last_backup(call); });
  }
  Result<storage::PutJob> put_job(const storage::JobRow& job, std::size_t most_open,
                                  const Call& call) override {
    return through(StoreCall::put_job, call, [&] { return inner_->put_job(job, most_open, call); });
  }
  Result<std::optional<storage::JobRow>> find_job(const std::string& id,
                                                  const Call& call) override {
    return through(StoreCall::find_job, call, [&] { return inner_->find_job(id, call); });
  }
  Result<storage::JobPage> jobs(const storage::JobFilter& filter, const Call& call) override {
    return through(StoreCall::jobs, call, [&] { return inner_->jobs(filter, call); });
  }
  Result<storage::JobCounts> count_jobs(const Call& call) override {
    return through(StoreCall::count_jobs, call, [&] { return inner_->count_jobs(call); });
  }
  Result<std::optional<storage::JobRow>> lease_job(const storage::JobLease& lease,
                                                   const Call& call) override {
    return through(StoreCall::lease_job, call, [&] { return inner_->lease_job(lease, call); });
  }
  Result<void> touch_job(const storage::JobTouch& touch, const Call& call) override {
    return through(StoreCall::touch_job, call, [&] { return inner_->touch_job(touch, call); });
  }
  Result<void> return_job(const storage::JobReturn& back, const Call& call) override {
    return through(StoreCall::return_job, call, [&] { return inner_->return_job(back, call); });
  }
  Result<void> finish_job(const storage::JobEnd& end, const Call& call) override {
    return through(StoreCall::finish_job, call, [&] { return inner_->finish_job(end, call); });
  }
  Result<storage::JobRow> cancel_job(const std::string& id, WallTime now, WallTime expires,
                                     const Call& call) override {
    return through(StoreCall::cancel_job, call,
                   [&] { return inner_->cancel_job(id, now, expires, call); });
  }
  Result<std::uint64_t> prune_jobs(WallTime now, const Call& call) override {
    return through(StoreCall::prune_jobs, call, [&] { return inner_->prune_jobs(now, call); });
  }

  Result<void> replace_alerts(const std::string& account,
                              const std::vector<storage::AlertRow>& rows,
                              const Call& call) override {
    return through(StoreCall::replace_alerts, call,
                   [&] { return inner_->replace_alerts(account, rows, call); });
  }
  Result<std::vector<storage::AlertRow>> alerts_of(const std::string& account,
                                                   const Call& call) override {
    return through(StoreCall::alerts_of, call, [&] { return inner_->alerts_of(account, call); });
  }
  Result<std::vector<storage::AlertRow>> alerts_on(const domain::Symbol& symbol,
                                                   const Call& call) override {
    return through(StoreCall::alerts_on, call, [&] { return inner_->alerts_on(symbol, call); });
  }
  Result<bool> mark_alert(const storage::AlertRow& row, bool holds, const Call& call) override {
    return through(StoreCall::mark_alert, call,
                   [&] { return inner_->mark_alert(row, holds, call); });
  }
  Result<void> put_webhook(const storage::WebhookRow& row, std::size_t most,
                           const Call& call) override {
    return through(StoreCall::put_webhook, call,
                   [&] { return inner_->put_webhook(row, most, call); });
  }
  Result<void> update_webhook(const storage::WebhookRow& row, const Call& call) override {
    return through(StoreCall::update_webhook, call,
                   [&] { return inner_->update_webhook(row, call); });
  }
  Result<bool> delete_webhook(const std::string& account, const std::string& id,
                              const Call& call) override {
    return through(StoreCall::delete_webhook, call,
                   [&] { return inner_->delete_webhook(account, id, call); });
  }
  Result<std::optional<storage::WebhookRow>> find_webhook(const std::string& account,
                                                          const std::string& id,
                                                          const Call& call) override {
    return through(StoreCall::find_webhook, call,
                   [&] { return inner_->find_webhook(account, id, call); });
  }
  Result<storage::Listed<storage::WebhookRow>> webhooks(const std::string& account,
                                                        bool active_only, storage::Window window,
                                                        const Call& call) override {
    return through(StoreCall::webhooks, call,
                   [&] { return inner_->webhooks(account, active_only, window, call); });
  }
  Result<bool> wants_event(std::string_view type, const Call& call) override {
    return through(StoreCall::wants_event, call, [&] { return inner_->wants_event(type, call); });
  }
  Result<std::uint64_t> put_event(const storage::EventRow& event, std::size_t backlog,
                                  const Call& call) override {
    return through(StoreCall::put_event, call,
                   [&] { return inner_->put_event(event, backlog, call); });
  }
  Result<storage::DeliveryRow> put_test_event(const storage::EventRow& event,
                                              const std::string& webhook, std::size_t backlog,
                                              const Call& call) override {
    return through(StoreCall::put_test_event, call,
                   [&] { return inner_->put_test_event(event, webhook, backlog, call); });
  }
  Result<std::vector<storage::LeasedDelivery>> lease_deliveries(WallTime now, WallTime until,
                                                                std::size_t limit,
                                                                const Call& call) override {
    return through(StoreCall::lease_deliveries, call,
                   [&] { return inner_->lease_deliveries(now, until, limit, call); });
  }
  Result<void> finish_delivery(const storage::DeliveryRow& row, WallTime now,
                               const Call& call) override {
    return through(StoreCall::finish_delivery, call,
                   [&] { return inner_->finish_delivery(row, now, call); });
  }
  Result<storage::Listed<storage::DeliveryRow>> deliveries(
      const std::string& account, const std::string& webhook,
      std::optional<storage::DeliveryStatus> status, storage::Window window,
      const Call& call) override {
    return through(StoreCall::deliveries, call,
                   [&] { return inner_->deliveries(account, webhook, status, window, call); });
  }
  Result<std::uint64_t> prune_deliveries(WallTime before, const Call& call) override {
    return through(StoreCall::prune_deliveries, call,
                   [&] { return inner_->prune_deliveries(before, call); });
  }

 private:
  /// Calls of one kind numbered `from`, and `count` from there on, fail.
  struct Plan {
    std::uint64_t from = 0;
    std::uint64_t count = 0;
    Code code = Code::internal;
    bool after = false;

    bool hits(std::uint64_t number) const { return number >= from && number - from < count; }
  };

  static constexpr std::size_t index(StoreCall kind) { return static_cast<std::size_t>(kind); }
  Plan& plan(StoreCall kind) { return plans_[index(kind)]; }
  std::uint64_t& seen(StoreCall kind) { return seen_[index(kind)]; }

  template <class Do>
  auto through(StoreCall kind, const Call& call, Do&& inner) -> decltype(inner()) {
    std::optional<Plan> fault;
    {
      std::unique_lock lock(mutex_);
      const std::uint64_t number = seen(kind)++;
      if (plan(kind).hits(number)) fault = plan(kind);
      if (!wait(lock, kind, call)) {
        return ara::fail(Code::deadline, "a fault asked for by a test: too slow");
      }
    }
    if (fault && !fault->after) return ara::fail(fault->code, "a fault asked for by a test");
    auto result = inner();
    if (fault) return ara::fail(fault->code, "a fault asked for by a test, the call being done");
    return result;
  }

  /// False if the deadline came first.
  bool wait(std::unique_lock<std::mutex>& lock, StoreCall kind, const Call& call) {
    if (const auto time = delay_[index(kind)]; time.count() > 0) {
      const SteadyTime end = system_clock().steady() + time;
      const SteadyTime until = std::min(end, call.deadline.at);
      if (!changed_.wait_until(lock, until, [&] { return delay_[index(kind)].count() == 0; }) &&
          until != end) {
        return false;
      }
    }
    const auto free = [&] { return !held_[index(kind)]; };
    if (call.deadline.at == SteadyTime::max()) {
      changed_.wait(lock, free);
      return true;
    }
    return changed_.wait_until(lock, call.deadline.at, free);
  }

  storage::Store& read_from(const Call& call) const {
    const std::lock_guard lock(mutex_);
    return behind_ && !call.newest ? *behind_ : *inner_;
  }

  const std::shared_ptr<storage::Store> inner_;
  std::shared_ptr<storage::Store> behind_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::array<Plan, kStoreCalls> plans_;
  std::array<std::uint64_t, kStoreCalls> seen_{};
  std::array<bool, kStoreCalls> held_{};
  std::array<std::chrono::milliseconds, kStoreCalls> delay_{};
};

}  // namespace ara::support
