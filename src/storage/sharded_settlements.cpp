// Settlements of the store of several clusters: each shard has those of its symbols.
#include <algorithm>
#include <map>

#include "storage/sharded_store.h"

namespace ara::storage {

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

}  // namespace ara::storage
