#include "storage/reshard.h"

#include <algorithm>
#include <random>

#include "base/format.h"
#include "storage/patience.h"
#include "storage/postgres_joint.h"
#include "storage/reshard_record.h"
#include "storage/shard_fleet.h"
#include "storage/shard_mover.h"

namespace ara::storage {
namespace {

/// So many symbols, and 64 times as many forecasts, go in one move, so that a freeze is short.
constexpr std::uint64_t kWeightOfMove = 64 * 40;
constexpr std::uint64_t kWeightOfSymbol = 64;
/// How long to wait for another to be gone, or for what it left prepared to be settled.
constexpr std::chrono::seconds kWaitForOthers{20};
constexpr std::chrono::milliseconds kWaitPause{100};
/// How long servers that do not answer are asked again; at first less, they may be the wrong ones.
constexpr std::chrono::seconds kWaitForFailover{60};
constexpr std::chrono::seconds kWaitForFirst{30};

std::unexpected<Error> stopped() {
  return fail(Code::unavailable, "the reshard was stopped; the same command goes on with it");
}

class Resharder {
 public:
  Resharder(std::unique_ptr<ShardFleet> fleet, const ReshardRequest& request,
            const ReshardWatch& watch)
      : fleet_(std::move(fleet)), request_(request) {
    watch_.progress = watch.progress;
    watch_.stop_before = [this, &watch](std::string_view step) {
      stopped_ = stopped_ || (watch.stop_before && watch.stop_before(step));
      return stopped_;
    };
    std::random_device random;
    holder_ = ara::format("{:08x}{:08x}", random(), random());
  }

  /// An outage, a failover say, is waited for: every step finds what is done already.
  Result<ReshardProgress> run() {
    SteadyTime until = system_clock().steady() + kWaitForFirst;
    int moved = -1;
    for (;;) {
      auto done = attempt();
      if (done || stopped_) return done;
      const Code code = done.error().code;
      if (code != Code::unavailable && code != Code::deadline) return done;
      if (joined_ && progress_.slots_moved > moved) {
        until = system_clock().steady() + kWaitForFailover;
        moved = progress_.slots_moved;
      }
      if (system_clock().steady() >= until) return done;
      pause_until(system_clock().steady() + kWaitPause);
      progress_ = {.longest_freeze = progress_.longest_freeze};
    }
  }

 private:
  Result<ReshardProgress> attempt() {
    auto begun = begin();
    if (!begun) return std::unexpected(begun.error());
    if (!*begun) return progress_;
    auto done = join()
                    .and_then([this] { return plan(); })
                    .and_then([this] { return move_all(); })
                    .and_then([this] { return finish(); });
    if (!done) {
      // The next may begin at once.
      (void)catalog().write(
          DbOperation::fleet, Call{Deadline::after(kWaitPause)},
          [&](PgConnection& connection) { return release_work(connection, holder_); });
      return std::unexpected(done.error());
    }
    return progress_;
  }

  bool stop(std::string_view step) const { return watch_.stop_before(step); }
  PostgresStore& catalog() const { return fleet_->view()->catalog().store().primary(); }
  Result<PostgresStore*> shard(int number) const {
    if (number == 0) return &catalog();
    const auto view = fleet_->view();
    const auto store = view->shards.at(number)->ready(Call{});
    if (!store) return std::unexpected(store.error());
    return &(*store)->primary();
  }
  /// Again while `attempt` says that another is at work, or has moved what it looked for.
  template <class Try>
  auto patiently(Try attempt) const -> std::invoke_result_t<Try&> {
    const SteadyTime until = system_clock().steady() + kWaitForOthers;
    for (;;) {
      auto answer = attempt();
      if (answer || system_clock().steady() > until) return answer;
      if (!is_moved(answer.error()) && answer.error().code != Code::overloaded) return answer;
      (void)fleet_->settle(Call{});
      pause_until(system_clock().steady() + kWaitPause);
    }
  }

  Result<bool> begin();
  Result<void> join();
  Result<void> adopt(PostgresStore& store, const std::string& fleet);
  Result<void> plan();
  Result<std::vector<std::uint64_t>> weights(std::uint64_t& symbols) const;
  Result<void> move_all();
  Result<RowCounts> move(const SlotMove& move);
  Result<void> clean(const SlotMove& move);
  Result<ShardMover> mover(const SlotMove& move) const;
  void tell(const SlotMove& move, const RowCounts& rows);
  Result<void> finish();
  Result<void> verify() const;

  const std::unique_ptr<ShardFleet> fleet_;
  const ReshardRequest& request_;
  ReshardWatch watch_;
  std::string holder_;
  ReshardWork work_;
  ReshardProgress progress_;
  bool stopped_ = false;  ///< by the watch
  bool joined_ = false;   ///< every shard has answered
};

/// False where there is nothing to do.
Result<bool> Resharder::begin() {
  if (stop("begin")) return stopped();
  auto work = patiently([&] {
    return catalog().write(DbOperation::fleet, Call{}, [&](PgConnection& connection) {
      return begin_work(connection, request_, holder_);
    });
  });
  if (!work) return std::unexpected(work.error());
  if (!*work) return false;
  work_ = std::move(**work);
  return fleet_->refresh(Call{}).transform([] { return true; });
}

/// Makes the database of a new shard a part of this fleet.
Result<void> Resharder::join() {
  if (stop("join")) return stopped();
  const auto fleet = catalog().write(
      DbOperation::fleet, Call{}, [](PgConnection& connection) { return fleet_name(connection); });
  if (!fleet) return std::unexpected(fleet.error());
  // The view that was read before there was a name knows none.
  if (auto again = fleet_->reread(Call{}); !again) return again;
  const auto view = fleet_->view();
  for (const auto& [number, one] : view->shards) {
    PostgresStore& store = one->store().primary();
    if (number == work_.shard.number && request_.action == ReshardAction::add) {
      auto adopted =
          make_ready(one->store(), Call{}).and_then([&] { return adopt(store, *fleet); });
      if (!adopted) return adopted;
    }
    const auto allowed = store.read(DbOperation::fleet, Call{}, [](PgConnection& connection) {
      return connection.ask("SELECT current_setting('max_prepared_transactions')::bigint")
          .transform([](const PgRows& row) { return row.integer(0, 0); });
    });
    if (!allowed) return std::unexpected(allowed.error());
    if (*allowed == 0) {
      return fail(Code::invalid, "the servers at " + store.place().shown +
                                     " need the setting max_prepared_transactions above 0");
    }
  }
  joined_ = true;
  return {};
}

Result<void> Resharder::adopt(PostgresStore& store, const std::string& fleet) {
  return store.write(DbOperation::fleet, Call{}, [&](PgConnection& connection) -> Result<void> {
    const auto self = read_shard_self(connection);
    if (!self) return std::unexpected(self.error());
    const int number = work_.shard.number;
    if (*self && ((*self)->fleet != fleet || (*self)->number == 0)) {
      return fail(
          Code::conflict,
          ara::format("the database at {} is part of {} already", store.place().shown,
                      (*self)->fleet == fleet ? "this fleet, its catalog," : "another fleet"));
    }
    if (*self && (*self)->number == number) return {};
    const auto used = connection.ask(
        "SELECT EXISTS (SELECT FROM symbols) OR EXISTS (SELECT FROM accounts) "
        "OR EXISTS (SELECT FROM shards WHERE number > 0) OR EXISTS (SELECT FROM jobs)");
    if (!used) return std::unexpected(used.error());
    if (used->flag(0, 0)) {
      return fail(Code::conflict, "the database at " + store.place().shown + " is in use already");
    }
    auto emptied =
        only_done(connection.ask("DELETE FROM owned_slots"))
            .and_then([&] { return only_done(connection.ask("DELETE FROM forecasts")); })
            .and_then([&] { return only_done(connection.ask("DELETE FROM shard_self")); });
    if (!emptied) return emptied;
    return only_done(
        connection.ask("INSERT INTO shard_self (one, fleet, number) VALUES (1, $1, $2)",
                       std::string_view(fleet), number));
  });
}

/// Of each slot, by what lies in it now.
Result<std::vector<std::uint64_t>> Resharder::weights(std::uint64_t& symbols) const {
  std::vector<std::uint64_t> weights(domain::kSlots, 0);
  for (const auto& [number, one] : fleet_->view()->shards) {
    const auto rows =
        one->store().primary().read(DbOperation::fleet, Call{}, [](PgConnection& connection) {
          return connection.ask(
              "SELECT slot, count(*), 0::bigint FROM symbols GROUP BY slot UNION ALL "
              "SELECT get_byte(id, 0) * 64 + get_byte(id, 1) / 4, 0, count(*) FROM forecasts "
              "GROUP BY 1");
        });
    if (!rows) return std::unexpected(rows.error());
    for (int row = 0; row < rows->size(); ++row) {
      const auto count = static_cast<std::uint64_t>(rows->integer(row, 1));
      symbols += count;
      weights[static_cast<std::size_t>(rows->integer(row, 0))] +=
          kWeightOfSymbol * count + static_cast<std::uint64_t>(rows->integer(row, 2));
    }
  }
  return weights;
}

Result<void> Resharder::plan() {
  if (work_.planned) return {};
  if (stop("plan")) return stopped();
  const auto weight = weights(work_.symbols);
  if (!weight) return std::unexpected(weight.error());
  return catalog().write(DbOperation::fleet, Call{}, [&](PgConnection& connection) -> Result<void> {
    const auto map = read_shard_map(connection);
    if (!map) return std::unexpected(map.error());
    const auto moves = request_.action == ReshardAction::add
                           ? plan_growth(*map, work_.shard.number)
                           : plan_removal(*map, work_.shard.number);
    return record_plan(connection, cut(moves, *weight, kWeightOfMove), work_.symbols);
  });
}

void Resharder::tell(const SlotMove& move, const RowCounts& rows) {
  progress_.slots_moved += move.slots.size();
  progress_.rows.symbols += rows.symbols;
  progress_.rows.bars += rows.bars;
  progress_.rows.forecasts += rows.forecasts;
  if (watch_.progress) watch_.progress(progress_);
}

Result<void> Resharder::move_all() {
  const auto moves = catalog().read(
      DbOperation::fleet, Call{}, [](PgConnection& connection) { return read_moves(connection); });
  if (!moves) return std::unexpected(moves.error());
  progress_.symbols = work_.symbols;
  for (const RecordedMove& one : *moves) progress_.slots += one.move.slots.size();
  for (const RecordedMove& one : *moves) {
    if (!one.done) continue;
    tell(one.move, one.rows);
    if (auto cleaned = clean(one.move); !cleaned) return cleaned;
  }
  for (const RecordedMove& one : *moves) {
    if (one.done) continue;
    auto renewed = catalog().write(DbOperation::fleet, Call{}, [&](PgConnection& connection) {
      return renew_work(connection, holder_);
    });
    if (!renewed) return renewed;
    const auto rows = move(one.move);
    if (!rows) return std::unexpected(rows.error());
    tell(one.move, *rows);
    if (auto cleaned = clean(one.move); !cleaned) return cleaned;
  }
  return {};
}

Result<ShardMover> Resharder::mover(const SlotMove& move) const {
  const auto source = shard(move.source);
  if (!source) return std::unexpected(source.error());
  const auto target = shard(move.target);
  if (!target) return std::unexpected(target.error());
  return ShardMover(catalog(), **source, **target, watch_);
}

Result<RowCounts> Resharder::move(const SlotMove& move) {
  auto mover = this->mover(move);
  if (!mover) return std::unexpected(mover.error());
  const auto rows = patiently([&]() -> Result<RowCounts> {
    // An earlier try may have come through, settled by whoever.
    const auto moves = catalog().read(DbOperation::fleet, Call{}, [](PgConnection& connection) {
      return read_moves(connection);
    });
    if (!moves) return std::unexpected(moves.error());
    for (const RecordedMove& one : *moves) {
      if (one.done && one.move == move) return one.rows;
    }
    return mover->move(move);
  });
  progress_.longest_freeze = std::max(progress_.longest_freeze, mover->freeze());
  return rows;
}

Result<void> Resharder::clean(const SlotMove& move) {
  auto mover = this->mover(move);
  if (!mover) return std::unexpected(mover.error());
  return mover->clean(move);
}

/// Every slot is owned by the shard that the map names, and by no other.
Result<void> Resharder::verify() const {
  const auto view = fleet_->view();
  for (const auto& [number, one] : view->shards) {
    const auto owned = one->store().primary().read(
        DbOperation::fleet, Call{},
        [](PgConnection& connection) -> Result<std::vector<std::pair<int, bool>>> {
          const auto rows =
              connection.ask("SELECT slot, state = 'owned' FROM owned_slots ORDER BY slot");
          if (!rows) return std::unexpected(rows.error());
          std::vector<std::pair<int, bool>> slots;
          for (int row = 0; row < rows->size(); ++row) {
            slots.emplace_back(static_cast<int>(rows->integer(row, 0)), rows->flag(row, 1));
          }
          return slots;
        });
    if (!owned) return std::unexpected(owned.error());
    const bool right = std::ranges::all_of(*owned, [&](const auto& slot) {
      return slot.second && view->map.shard_of(slot.first) == number;
    });
    // A hand-over whose last step was cut off is ended by whoever settles.
    if (!right || static_cast<int>(owned->size()) != view->map.count_of(number)) {
      return std::unexpected(moved());
    }
  }
  return {};
}

Result<void> Resharder::finish() {
  if (stop("verify")) return stopped();
  auto verified =
      patiently([this] { return fleet_->refresh(Call{}).and_then([this] { return verify(); }); });
  if (!verified) {
    if (!is_moved(verified.error())) return verified;
    return fail(Code::corrupt, "after the reshard the shards do not own what the map says");
  }
  if (stop("end")) return stopped();
  return catalog().write(DbOperation::fleet, Call{},
                         [&](PgConnection& connection) { return end_work(connection, work_); });
}

}  // namespace

Result<ReshardProgress> reshard(const std::string& place, const ReshardRequest& request,
                                const ReshardWatch& watch) {
  auto fleet = ShardFleet::open(place);
  if (!fleet) return std::unexpected(fleet.error());
  if (request.action == ReshardAction::add) {
    if (auto uri = uri_of_shard(place, request.hosts); !uri) return std::unexpected(uri.error());
  }
  return Resharder(std::move(*fleet), request, watch).run();
}

}  // namespace ara::storage
