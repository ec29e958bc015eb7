#include <algorithm>
#include <future>
#include <map>

#include "base/format.h"
#include "storage/bars_check.h"
#include "storage/jobs_check.h"
#include "storage/postgres_bars.h"
#include "storage/postgres_forecasts.h"
#include "storage/postgres_joint.h"
#include "storage/sharded_store.h"

namespace ara::storage {
namespace {

/// Both ascend by symbol.
void merge_in(std::vector<SymbolRow>& all, std::vector<SymbolRow> more) {
  const auto middle = static_cast<std::ptrdiff_t>(all.size());
  std::ranges::move(more, std::back_inserter(all));
  std::ranges::inplace_merge(all, all.begin() + middle, {}, &SymbolRow::symbol);
}

}  // namespace

std::unexpected<Error> of_shard(const ShardRow& row, Error error) {
  error.message = ara::format("shard {} ({}): {}", row.number, row.name, error.message);
  return std::unexpected(std::move(error));
}

template <class T, class Ask>
Result<std::vector<std::pair<int, T>>> ShardedStore::everywhere(const FleetView& view,
                                                                const Call& call, Ask ask) {
  const auto one = [&](FleetShard& shard) -> Result<T> {
    if (shard.row().number == 0) return ask(shard.row().number, shard.store());
    const auto store = shard.ready(call);
    if (!store) return std::unexpected(store.error());
    return ask(shard.row().number, **store);
  };
  // A shard that holds no slot yet, or none any more, has nothing to say.
  std::vector<FleetShard*> asked;
  for (const auto& [number, shard] : view.shards) {
    if (number != 0 && view.map.count_of(number) > 0) asked.push_back(shard.get());
  }
  std::vector<std::future<Result<T>>> others;
  for (FleetShard* shard : asked) {
    others.push_back(std::async(std::launch::async, one, std::ref(*shard)));
  }
  std::vector<std::pair<int, T>> answers;
  std::optional<Error> error;
  const auto note = [&](const FleetShard& shard, Result<T> answer) {
    if (answer) {
      answers.emplace_back(shard.row().number, std::move(*answer));
    } else if (!error) {
      error = view.shards.size() == 1 || is_moved(answer.error())
                  ? answer.error()
                  : of_shard(shard.row(), answer.error()).error();
    }
  };
  note(view.catalog(), one(view.catalog()));
  for (std::size_t i = 0; i < asked.size(); ++i) note(*asked[i], others[i].get());
  if (error) return std::unexpected(std::move(*error));
  return answers;
}

Result<std::vector<SymbolRow>> ShardedStore::symbols(const Call& call) {
  return follow(call, [&](const FleetView& view) -> Result<std::vector<SymbolRow>> {
    auto parts = everywhere<std::vector<SymbolRow>>(view, call, [&](int number, PgShard& shard) {
      return shard.symbols_in(view.map.slots_of(number), call);
    });
    if (!parts) return std::unexpected(parts.error());
    std::vector<SymbolRow> all;
    for (auto& [number, rows] : *parts) merge_in(all, std::move(rows));
    return all;
  });
}

Result<HeadChanges> ShardedStore::changed_heads(const HeadsMark& mark, const Call& call) {
  return follow(call, [&](const FleetView& view) -> Result<HeadChanges> {
    if (!mark.empty() && mark.front() == view.map.epoch) {
      auto changes = changed_on(view, mark, call);
      if (!changes || !changes->all) return changes;
    }
    // Of some shard, or of the map, it cannot be told: all is read anew everywhere.
    return changed_on(view, {}, call);
  });
}

/// A mark of several shards: the epoch of the map, and for each its number and its own mark, of
/// kHeadParts + 1 numbers.
Result<HeadChanges> ShardedStore::changed_on(const FleetView& view, const HeadsMark& mark,
                                             const Call& call) {
  constexpr std::size_t kEach = kHeadParts + 2;
  const auto mark_of = [&mark](int number) {
    for (std::size_t at = 1; at + kEach <= mark.size(); at += kEach) {
      const auto own = mark.begin() + static_cast<std::ptrdiff_t>(at);
      if (*own == static_cast<std::uint64_t>(number)) return HeadsMark(own + 1, own + kEach);
    }
    return HeadsMark();
  };
  auto parts = everywhere<HeadChanges>(view, call, [&](int number, PgShard& shard) {
    return shard.changed_in(view.map.slots_of(number), mark_of(number), call);
  });
  if (!parts) return std::unexpected(parts.error());
  HeadChanges changes{.all = false, .rows = {}, .mark = {view.map.epoch}};
  for (auto& [number, part] : *parts) {
    changes.all = changes.all || part.all;
    changes.mark.push_back(static_cast<std::uint64_t>(number));
    changes.mark.insert(changes.mark.end(), part.mark.begin(), part.mark.end());
    merge_in(changes.rows, std::move(part.rows));
  }
  return changes;
}

Result<std::vector<PutOutcome>> ShardedStore::put_all_bars(std::span<const SymbolBars> batch,
                                                           const Call& call) {
  if (auto checked = check_batch(batch); !checked) return std::unexpected(checked.error());
  return follow(call, [&](const FleetView& view) { return put_on(view, batch, call); });
}

Result<std::vector<PutOutcome>> ShardedStore::put_on(const FleetView& view,
                                                     std::span<const SymbolBars> batch,
                                                     const Call& call) {
  struct Share {
    std::vector<std::size_t> places;  // in the batch
    std::vector<SymbolBars> bars;
  };
  std::map<int, Share> shares;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    Share& share = shares[view.map.shard_of(domain::slot_of(batch[i].symbol.text()))];
    share.places.push_back(i);
    share.bars.push_back(batch[i]);
  }
  if (shares.size() <= 1) {
    const int number = shares.empty() ? 0 : shares.begin()->first;
    return on(*view.shards.at(number), call,
              [&](Store& to, const Call& to_call) { return to.put_all_bars(batch, to_call); });
  }
  std::vector<PutOutcome> outcomes(batch.size());
  const auto write = [&outcomes](const Share& share, PgConnection& connection) -> Result<void> {
    auto held = hold_slots(connection, slots_of_batch(share.bars));
    if (!held) return held;
    const auto done = write_bars(connection, share.bars);
    if (!done) return std::unexpected(done.error());
    for (std::size_t i = 0; i < done->size(); ++i) outcomes[share.places[i]] = (*done)[i];
    return {};
  };
  JointWrite joint{.catalog = &view.catalog().store().primary(), .write = {}, .parts = {}};
  for (const auto& [number, share] : shares) {
    auto body = [&write, &share](PgConnection& connection) { return write(share, connection); };
    if (number == 0) {
      joint.write = std::move(body);
      continue;
    }
    const auto store = view.shards.at(number)->ready(call);
    if (!store) return of_shard(view.shards.at(number)->row(), store.error());
    joint.parts.push_back({number, &(*store)->primary(), std::move(body), std::nullopt});
  }
  if (auto done = commit_jointly(joint, call); !done) return std::unexpected(done.error());
  return outcomes;
}

Result<void> ShardedStore::put_forecasts(std::span<const ForecastRow> rows, const Call& call) {
  if (rows.empty()) return {};
  // Each is right by itself, and a shard that moves on makes a second round harmless.
  return follow(call, [&](const FleetView& view) -> Result<void> {
    std::map<int, std::vector<ForecastRow>> shares;
    if (view.shards.size() == 1) return view.catalog().store().put_forecasts(rows, call);
    for (const ForecastRow& row : rows) {
      shares[view.map.shard_of(slot_of_forecast(row.id))].push_back(row);
    }
    for (const auto& [number, share] : shares) {
      auto done = on(*view.shards.at(number), call, [&](Store& to, const Call& to_call) {
        return to.put_forecasts(share, to_call);
      });
      if (!done) return done;
    }
    return {};
  });
}

Result<std::uint64_t> ShardedStore::prune_forecasts(WallTime before, const Call& call) {
  const auto view = fleet_->view();
  const auto total = prune_each(*view, call, &Store::prune_forecasts, before);
  if (total && view->shards.size() > 1) {
    auto& catalog = view->catalog().store().primary();
    auto done = forget_decisions(catalog, view->primaries(), call);
    if (!done) return std::unexpected(done.error());
  }
  return total;
}

Result<void> ShardedStore::finish_job(const JobEnd& end, const Call& call) {
  if (auto checked = check_end(end); !checked) return checked;
  return follow(call, [&](const FleetView& view) { return end_on(view, end, call); });
}

Result<void> ShardedStore::end_on(const FleetView& view, const JobEnd& end, const Call& call) {
  std::map<int, std::vector<ForecastRow>> shares;
  if (view.shards.size() > 1) {
    for (const ForecastRow& row : end.effects.forecasts) {
      shares[view.map.shard_of(slot_of_forecast(row.id))].push_back(row);
    }
  }
  if (shares.empty() || (shares.size() == 1 && shares.contains(0))) {
    return view.catalog().store().finish_job(end, call);
  }
  JobEnd rest = end;
  rest.effects.forecasts = shares.contains(0) ? shares.at(0) : std::vector<ForecastRow>();
  shares.erase(0);
  JointWrite joint{.catalog = &view.catalog().store().primary(), .write = {}, .parts = {}};
  joint.write = [&](PgConnection& connection) {
    return hold_slots(connection, slots_of_forecasts(rest.effects.forecasts)).and_then([&] {
      return write_end(connection, rest);
    });
  };
  for (const auto& [number, share] : shares) {
    const auto store = view.shards.at(number)->ready(call);
    if (!store) return of_shard(view.shards.at(number)->row(), store.error());
    joint.parts.push_back({number, &(*store)->primary(),
                           [&share](PgConnection& connection) {
                             return hold_slots(connection, slots_of_forecasts(share)).and_then([&] {
                               return write_forecasts(connection, share);
                             });
                           },
                           std::nullopt});
  }
  return commit_jointly(joint, call);
}

Result<std::unique_ptr<Store>> open_postgres(const std::string& uri, const StoreOptions& options) {
  auto fleet = ShardFleet::open(uri, options);
  if (!fleet) return std::unexpected(fleet.error());
  return std::make_unique<ShardedStore>(std::move(*fleet));
}

}  // namespace ara::storage
