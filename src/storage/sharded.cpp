// The store of several PostgreSQL clusters: symbols and forecasts by their slots, all else in the
// catalog.
#include <algorithm>
#include <future>
#include <map>

#include "base/format.h"
#include "storage/bars_check.h"
#include "storage/jobs_check.h"
#include "storage/postgres_bars.h"
#include "storage/postgres_forecasts.h"
#include "storage/postgres_joint.h"
#include "storage/relayed_store.h"
#include "storage/shard_fleet.h"

namespace ara::storage {
namespace {

template <class Ask>
using ShardAnswer = std::invoke_result_t<Ask&, Store&, const Call&>;

std::unexpected<Error> of_shard(const ShardRow& row, Error error) {
  error.message = ara::format("shard {} ({}): {}", row.number, row.name, error.message);
  return std::unexpected(std::move(error));
}

/// Both ascend by symbol.
void merge_in(std::vector<SymbolRow>& all, std::vector<SymbolRow> more) {
  const auto middle = static_cast<std::ptrdiff_t>(all.size());
  std::ranges::move(more, std::back_inserter(all));
  std::ranges::inplace_merge(all, all.begin() + middle, {}, &SymbolRow::symbol);
}

class ShardedStore final : public RelayedStore<ShardedStore> {
 public:
  explicit ShardedStore(std::unique_ptr<ShardFleet> fleet) : fleet_(std::move(fleet)) {}

  Result<std::vector<SymbolRow>> symbols(const Call& call) override;
  Result<HeadChanges> changed_heads(const HeadsMark& mark, const Call& call) override;
  Result<std::vector<PutOutcome>> put_all_bars(std::span<const SymbolBars> batch,
                                               const Call& call) override;
  Result<void> put_forecasts(std::span<const ForecastRow> rows, const Call& call) override;
  Result<std::optional<ForecastRow>> find_forecast(const Hash128& id, const Call& call) override {
    return at(slot_of_forecast(id), call,
              [&](Store& to, const Call& to_call) { return to.find_forecast(id, to_call); });
  }
  Result<std::uint64_t> prune_forecasts(WallTime before, const Call& call) override;
  Result<void> finish_job(const JobEnd& end, const Call& call) override;
  Result<void> expect(std::span<const ExpectationRow> rows, const Call& call) override;
  Result<std::vector<ExpectationRow>> lease_settlements(WallTime now, WallTime until,
                                                        domain::Date today, std::size_t limit,
                                                        const Call& call) override;
  Result<std::uint64_t> settle(std::span<const SettlementRow> rows, const Call& call) override;
  Result<std::vector<SettlementRow>> settled(domain::AssetType asset_type, std::size_t limit,
                                             const Call& call) override;
  Result<std::uint64_t> prune_settlements(WallTime before, const Call& call) override;

  template <class Ask>
  ShardAnswer<Ask> write_symbol(const domain::Symbol& symbol, const Call& call, Ask ask) {
    return at(domain::slot_of(symbol.text()), call, ask);
  }
  template <class Ask>
  ShardAnswer<Ask> read_symbol(const domain::Symbol& symbol, const Call& call, Ask ask) {
    return at(domain::slot_of(symbol.text()), call, ask);
  }
  template <class Ask>
  ShardAnswer<Ask> read_head(const domain::Symbol& symbol, const Call& call, Ask ask) {
    return at(domain::slot_of(symbol.text()), call, ask);
  }
  template <class Ask>
  ShardAnswer<Ask> write(const Call& call, Ask ask) {
    return ask(fleet_->view()->catalog().store(), call);
  }
  template <class Ask>
  ShardAnswer<Ask> read(const Call& call, Ask ask) {
    return ask(fleet_->view()->catalog().store(), call);
  }

 private:
  /// Asks each shard of those of `rows` whose symbol it holds; the sum of what they give. Each part
  /// is whole or not at all, and harmless when done twice.
  template <class Row, class Ask>
  Result<std::uint64_t> by_symbol(std::span<const Row> rows, const Call& call, Ask ask);
  using Prune = Result<std::uint64_t> (Store::*)(WallTime, const Call&);
  static Result<std::uint64_t> prune_each(const FleetView& view, const Call& call, Prune prune,
                                          WallTime before);
  /// The shards that hold slots, the catalog's included.
  static std::vector<FleetShard*> holders(const FleetView& view);

  /// Tries until no shard says that a slot has moved.
  template <class Try>
  auto follow(const Call& call, Try attempt) -> std::invoke_result_t<Try&, const FleetView&> {
    for (ShardFleet::Chase chase;;) {
      const auto view = fleet_->view();
      auto answer = attempt(*view);
      if (answer || !is_moved(answer.error()) || !chase.again(*fleet_, call)) return answer;
    }
  }
  /// Asks the shard that holds the slot.
  template <class Ask>
  ShardAnswer<Ask> at(int slot, const Call& call, Ask ask) {
    return follow(call, [&](const FleetView& view) -> ShardAnswer<Ask> {
      return on(view.holder(slot), call, ask);
    });
  }
  template <class Ask>
  static ShardAnswer<Ask> on(FleetShard& shard, const Call& call, Ask ask) {
    if (shard.row().number == 0) return ask(shard.store(), call);
    const auto store = shard.ready(call);
    if (!store) return of_shard(shard.row(), store.error());
    return ask(**store, call);
  }
  /// Asks all shards at once; the answers, or the first error and whose it is.
  template <class T, class Ask>
  static Result<std::vector<std::pair<int, T>>> everywhere(const FleetView& view, const Call& call,
                                                           Ask ask);

  static Result<HeadChanges> changed_on(const FleetView& view, const HeadsMark& mark,
                                        const Call& call);
  Result<std::vector<PutOutcome>> put_on(const FleetView& view, std::span<const SymbolBars> batch,
                                         const Call& call);
  Result<void> end_on(const FleetView& view, const JobEnd& end, const Call& call);

  std::unique_ptr<ShardFleet> fleet_;
};

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

std::vector<FleetShard*> ShardedStore::holders(const FleetView& view) {
  std::vector<FleetShard*> all;
  for (const auto& [number, shard] : view.shards) {
    if (number == 0 || view.map.count_of(number) > 0) all.push_back(shard.get());
  }
  return all;
}

template <class Row, class Ask>
Result<std::uint64_t> ShardedStore::by_symbol(std::span<const Row> rows, const Call& call,
                                              Ask ask) {
  return follow(call, [&](const FleetView& view) -> Result<std::uint64_t> {
    std::map<int, std::vector<Row>> shares;
    for (const Row& row : rows) {
      shares[view.map.shard_of(domain::slot_of(row.key.symbol.text()))].push_back(row);
    }
    std::uint64_t sum = 0;
    for (const auto& [number, share] : shares) {
      const Result<std::uint64_t> done =
          on(*view.shards.at(number), call,
             [&](Store& to, const Call& to_call) { return ask(to, share, to_call); });
      if (!done) return done;
      sum += *done;
    }
    return sum;
  });
}

Result<void> ShardedStore::expect(std::span<const ExpectationRow> rows, const Call& call) {
  return by_symbol(rows, call,
                   [](Store& to, const std::vector<ExpectationRow>& share, const Call& to_call) {
                     return to.expect(share, to_call).transform([] { return std::uint64_t{0}; });
                   })
      .transform([](std::uint64_t) {});
}

Result<std::vector<ExpectationRow>> ShardedStore::lease_settlements(WallTime now, WallTime until,
                                                                    domain::Date today,
                                                                    std::size_t limit,
                                                                    const Call& call) {
  const auto view = fleet_->view();
  std::vector<ExpectationRow> all;
  std::optional<Error> error;
  for (FleetShard* shard : holders(*view)) {
    if (all.size() == limit) break;
    auto part = on(*shard, call, [&](Store& to, const Call& to_call) {
      return to.lease_settlements(now, until, today, limit - all.size(), to_call);
    });
    if (!part) error = part.error();  // one that is down holds up its own alone
    if (part) std::ranges::move(*part, std::back_inserter(all));
  }
  if (all.empty() && error) return std::unexpected(std::move(*error));
  return all;
}

Result<std::uint64_t> ShardedStore::settle(std::span<const SettlementRow> rows, const Call& call) {
  return by_symbol(rows, call,
                   [](Store& to, const std::vector<SettlementRow>& share, const Call& to_call) {
                     return to.settle(share, to_call);
                   });
}

Result<std::vector<SettlementRow>> ShardedStore::settled(domain::AssetType asset_type,
                                                         std::size_t limit, const Call& call) {
  const auto view = fleet_->view();
  std::vector<SettlementRow> all;
  for (FleetShard* shard : holders(*view)) {
    auto part = on(*shard, call, [&](Store& to, const Call& to_call) {
      return to.settled(asset_type, limit, to_call);
    });
    if (!part) return of_shard(shard->row(), part.error());
    std::ranges::move(*part, std::back_inserter(all));
  }
  std::ranges::stable_sort(all, std::ranges::greater(), &SettlementRow::settled);
  if (all.size() > limit) all.erase(all.begin() + static_cast<std::ptrdiff_t>(limit), all.end());
  return all;
}

Result<std::uint64_t> ShardedStore::prune_settlements(WallTime before, const Call& call) {
  return prune_each(*fleet_->view(), call, &Store::prune_settlements, before);
}

Result<std::uint64_t> ShardedStore::prune_each(const FleetView& view, const Call& call, Prune prune,
                                               WallTime before) {
  std::uint64_t total = 0;
  for (FleetShard* shard : holders(view)) {
    const auto pruned = on(
        *shard, call, [&](Store& to, const Call& to_call) { return (to.*prune)(before, to_call); });
    if (!pruned) return of_shard(shard->row(), pruned.error());
    total += *pruned;
  }
  return total;
}

}  // namespace

Result<std::unique_ptr<Store>> open_postgres(const std::string& uri, const StoreOptions& options) {
  auto fleet = ShardFleet::open(uri, options);
  if (!fleet) return std::unexpected(fleet.error());
  return std::make_unique<ShardedStore>(std::move(*fleet));
}

}  // namespace ara::storage
