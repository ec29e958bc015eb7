#pragma once

#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "storage/relayed_store.h"
#include "storage/shard_fleet.h"

namespace ara::storage {

template <class Ask>
using ShardAnswer = std::invoke_result_t<Ask&, Store&, const Call&>;

/// The error, told as this shard's.
std::unexpected<Error> of_shard(const ShardRow& row, Error error);

/// The store of several PostgreSQL clusters: symbols and forecasts by their slots, all else in the
/// catalog.
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

}  // namespace ara::storage
