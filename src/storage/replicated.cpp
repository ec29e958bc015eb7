// The store of one PostgreSQL cluster: writes go to its primary, reads of bars and forecasts to
// standbys.
#include <algorithm>
#include <cmath>

#include "storage/patience.h"
#include "storage/relayed_store.h"
#include "storage/replicas.h"

namespace ara::storage {
namespace {

/// How long a server may take to answer a read before another is asked.
constexpr std::chrono::milliseconds kFirstTry{400};

Call within(const Call& call, std::chrono::milliseconds span) {
  return {Deadline{std::min(call.deadline.at, system_clock().steady() + span)}, call.newest};
}

template <class Ask>
using ReplicatedAnswer = std::invoke_result_t<Ask&, PgShard&, const Call&>;

/// Whether another server may do better.
bool is_servers_fault(const Error& error) {
  if (is_moved(error)) return false;
  return error.code == Code::unavailable || error.code == Code::deadline ||
         error.code == Code::overloaded || error.code == Code::io;
}

class ReplicatedStore final : public RelayedStore<ReplicatedStore, PgShard> {
 public:
  ReplicatedStore(std::unique_ptr<PostgresStore> primary, std::shared_ptr<Replicas> replicas)
      : primary_(std::move(primary)), replicas_(std::move(replicas)) {}

  Result<std::vector<SymbolRow>> symbols(const Call& call) override {
    return read(call, [](Store& to, const Call& to_call) { return to.symbols(to_call); });
  }
  Result<HeadChanges> changed_heads(const HeadsMark& mark, const Call& call) override {
    return changed_in({&kAllSlots, 1}, mark, call);
  }
  Result<std::vector<SymbolRow>> symbols_in(std::span<const SlotRange> slots,
                                            const Call& call) override {
    return read(call,
                [&](PgShard& to, const Call& to_call) { return to.symbols_in(slots, to_call); });
  }
  Result<HeadChanges> changed_in(std::span<const SlotRange> slots, const HeadsMark& mark,
                                 const Call& call) override {
    return read(call, [&](PgShard& to, const Call& to_call) {
      return to.changed_in(slots, mark, to_call);
    });
  }
  Result<std::uint64_t> map_epoch(const Call& call) override {
    return read(call, [](PgShard& to, const Call& to_call) { return to.map_epoch(to_call); });
  }
  PostgresStore& primary() override { return *primary_; }
  Result<std::vector<PutOutcome>> put_all_bars(std::span<const SymbolBars> batch,
                                               const Call& call) override {
    return primary_->put_all_bars(batch, call);
  }
  Result<void> put_forecasts(std::span<const ForecastRow> rows, const Call& call) override {
    return primary_->put_forecasts(rows, call);
  }
  Result<std::optional<ForecastRow>> find_forecast(const Hash128& id, const Call& call) override {
    return read_near(call,
                     [&](Store& to, const Call& to_call) { return to.find_forecast(id, to_call); });
  }
  Result<std::uint64_t> prune_forecasts(WallTime before, const Call& call) override {
    return primary_->prune_forecasts(before, call);
  }
  Result<void> finish_job(const JobEnd& end, const Call& call) override {
    return primary_->finish_job(end, call);
  }
  Result<void> expect(std::span<const ExpectationRow> rows, const Call& call) override {
    return primary_->expect(rows, call);
  }
  Result<std::vector<ExpectationRow>> lease_settlements(WallTime now, WallTime until,
                                                        domain::Date today, std::size_t limit,
                                                        const Call& call) override {
    return primary_->lease_settlements(now, until, today, limit, call);
  }
  Result<std::uint64_t> settle(std::span<const SettlementRow> rows, const Call& call) override {
    return primary_->settle(rows, call);
  }
  Result<std::vector<SettlementRow>> settled(domain::AssetType asset_type, std::size_t limit,
                                             const Call& call) override {
    return read_near(call, [&](Store& to, const Call& to_call) {
      return to.settled(asset_type, limit, to_call);
    });
  }
  Result<std::uint64_t> prune_settlements(WallTime before, const Call& call) override {
    return primary_->prune_settlements(before, call);
  }

  template <class Ask>
  ReplicatedAnswer<Ask> write(const Call& call, Ask ask) {
    return ask(*primary_, call);
  }
  template <class Ask>
  ReplicatedAnswer<Ask> write_symbol(const domain::Symbol&, const Call& call, Ask ask) {
    return write(call, ask);
  }
  template <class Ask>
  ReplicatedAnswer<Ask> read_symbol(const domain::Symbol&, const Call& call, Ask ask) {
    const bool exact = !call.newest && catch_up(call);
    return read_near(call, ask, exact);
  }
  template <class Ask>
  ReplicatedAnswer<Ask> read_head(const domain::Symbol&, const Call& call, Ask ask) {
    return read(call, ask);
  }
  /// From the primary; while there is none, from a standby, unless that may lack something.
  template <class Ask>
  ReplicatedAnswer<Ask> read(const Call& call, Ask ask) {
    const SteadyTime give_up = std::min(call.deadline.at, system_clock().steady() + kPatience);
    for (;;) {
      ReplicatedAnswer<Ask> answer =
          fail(Code::unavailable, "No PostgreSQL server can be read just now");
      if (replicas_->has_primary()) {
        answer = ask(*primary_, within(call, kFirstTry));
        if (answer || !is_servers_fault(answer.error())) return answer;
      }
      if (PostgresStore* standby = call.newest ? nullptr : choose()) {
        answer = ask(*standby, within(call, kFirstTry));
        if (answer || !is_servers_fault(answer.error())) return answer;
        replicas_->eject(standby);
      }
      // Servers come and go; which is what they are is looked at meanwhile.
      if (!replicas_->wait_for_news(give_up)) return answer;
    }
  }

 private:
  /// A standby that has all that was written or seen through this object; null where there is none.
  PostgresStore* choose(bool exact = false) const {
    const auto known = std::max(primary_->known_position(), replicas_->known_position());
    return exact ? replicas_->choose_exactly(known) : replicas_->choose(known);
  }

  /// Learns how far the primary has come, so that a standby which is read next has all that anybody
  /// was told is written; a moment's work for the primary beside reading the bars.
  /// False where there is no primary to ask.
  bool catch_up(const Call& call) {
    if (!replicas_->has_primary()) return false;
    const auto standing = primary_->standing(within(call, kFirstTry));
    if (!standing || standing->standby) return false;
    primary_->know(standing->position);
    return true;
  }

  /// From a standby if one is near enough to the primary, else from that.
  template <class Ask>
  ReplicatedAnswer<Ask> read_near(const Call& call, Ask ask, bool exact = false) {
    if (PostgresStore* standby = call.newest ? nullptr : choose(exact)) {
      auto answer = ask(*standby, within(call, kFirstTry));
      // It may not have heard yet that a slot has come here.
      if (!answer && is_moved(answer.error())) return read(call, ask);
      if (answer || !is_servers_fault(answer.error())) return answer;
      replicas_->eject(standby);
    }
    return read(call, ask);
  }

  std::unique_ptr<PostgresStore> primary_;
  const std::shared_ptr<Replicas> replicas_;
};

/// Shows how each standby stands, as long as there are replicas. Nothing of the primary; but a
/// server that is gone is one that is not read, whatever it was before.
void show(telemetry::Metrics& metrics, const PgPlace& place,
          const std::shared_ptr<Replicas>& replicas) {
  for (std::size_t i = 0; i < place.servers.size(); ++i) {
    const auto add = [&](std::string_view family, auto read) {
      metrics.gauge(family, {{"replica", place.servers[i]}},
                    [weak = std::weak_ptr(replicas), i, read] {
                      const auto held = weak.lock();
                      return held ? read(held->seen()[i]) : std::nan("");
                    });
    };
    add("ara_db_replica_lag_seconds", [](const Replicas::Seen& seen) {
      return seen.standby ? std::chrono::duration<double>(seen.lag).count() : std::nan("");
    });
    add("ara_db_replica_in_use", [](const Replicas::Seen& seen) {
      return seen.standby || !seen.alive ? (seen.readable ? 1.0 : 0.0) : std::nan("");
    });
  }
}

}  // namespace

std::unique_ptr<PgShard> make_replicated(const PgPlace& place, const PgPoolLimits& pool,
                                         const DbMetersPtr& meters) {
  auto replicas = std::make_shared<Replicas>(place, pool, ReplicaLimits{}, meters);
  if (meters) show(meters->metrics(), place, replicas);
  return std::make_unique<ReplicatedStore>(
      std::make_unique<PostgresStore>(place, PgRole::primary, pool, meters), std::move(replicas));
}

}  // namespace ara::storage
