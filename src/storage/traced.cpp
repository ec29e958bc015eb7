#include "storage/traced.h"

#include <type_traits>
#include <utility>

#include "storage/relayed_store.h"
#include "telemetry/trace.h"

namespace ara::storage {
namespace {

/// The name of the calling function, where it stands as a default argument: a span is named like
/// the method of Store that it stands for.
#define ARA_METHOD std::string_view method = __builtin_FUNCTION()

template <class Ask>
using Answer = std::invoke_result_t<Ask&, Store&, const Call&>;

class TracedStore final : public RelayedStore<TracedStore> {
 public:
  TracedStore(std::unique_ptr<Store> store, std::string_view system)
      : store_(std::move(store)), system_(system) {}

  Result<std::vector<SymbolRow>> symbols(const Call& call) override {
    return read(call, [](Store& to, const Call& to_call) { return to.symbols(to_call); });
  }
  Result<HeadChanges> changed_heads(const HeadsMark& mark, const Call& call) override {
    return read(call,
                [&](Store& to, const Call& to_call) { return to.changed_heads(mark, to_call); });
  }
  Result<std::vector<PutOutcome>> put_all_bars(std::span<const SymbolBars> batch,
                                               const Call& call) override {
    return write(call,
                 [&](Store& to, const Call& to_call) { return to.put_all_bars(batch, to_call); });
  }
  Result<void> put_forecasts(std::span<const ForecastRow> rows, const Call& call) override {
    return write(call,
                 [&](Store& to, const Call& to_call) { return to.put_forecasts(rows, to_call); });
  }
  Result<std::optional<ForecastRow>> find_forecast(const Hash128& id, const Call& call) override {
    return read(call,
                [&](Store& to, const Call& to_call) { return to.find_forecast(id, to_call); });
  }
  Result<std::uint64_t> prune_forecasts(WallTime before, const Call& call) override {
    return write(
        call, [&](Store& to, const Call& to_call) { return to.prune_forecasts(before, to_call); });
  }
  Result<void> finish_job(const JobEnd& end, const Call& call) override {
    return write(call, [&](Store& to, const Call& to_call) { return to.finish_job(end, to_call); });
  }
  Result<void> expect(std::span<const ExpectationRow> rows, const Call& call) override {
    return write(call, [&](Store& to, const Call& to_call) { return to.expect(rows, to_call); });
  }
  Result<std::vector<ExpectationRow>> lease_settlements(WallTime now, WallTime until,
                                                        domain::Date today, std::size_t limit,
                                                        const Call& call) override {
    return write(call, [&](Store& to, const Call& to_call) {
      return to.lease_settlements(now, until, today, limit, to_call);
    });
  }
  Result<std::uint64_t> settle(std::span<const SettlementRow> rows, const Call& call) override {
    return write(call, [&](Store& to, const Call& to_call) { return to.settle(rows, to_call); });
  }
  Result<std::vector<SettlementRow>> settled(domain::AssetType asset_type, std::size_t limit,
                                             const Call& call) override {
    return read(call, [&](Store& to, const Call& to_call) {
      return to.settled(asset_type, limit, to_call);
    });
  }
  Result<std::uint64_t> prune_settlements(WallTime before, const Call& call) override {
    return write(call, [&](Store& to, const Call& to_call) {
      return to.prune_settlements(before, to_call);
    });
  }

  template <class Ask>
  Answer<Ask> read(const Call& call, Ask ask, ARA_METHOD) {
    return traced(method, call, ask);
  }
  template <class Ask>
  Answer<Ask> write(const Call& call, Ask ask, ARA_METHOD) {
    return traced(method, call, ask);
  }
  template <class Ask>
  Answer<Ask> read_head(const domain::Symbol&, const Call& call, Ask ask, ARA_METHOD) {
    return traced(method, call, ask);
  }
  template <class Ask>
  Answer<Ask> read_symbol(const domain::Symbol&, const Call& call, Ask ask, ARA_METHOD) {
    return traced(method, call, ask);
  }
  template <class Ask>
  Answer<Ask> write_symbol(const domain::Symbol&, const Call& call, Ask ask, ARA_METHOD) {
    return traced(method, call, ask);
  }

 private:
  template <class Ask>
  Answer<Ask> traced(std::string_view method, const Call& call, Ask& ask) {
    telemetry::Span span("store", method, telemetry::SpanKind::client);
    if (!span.recording()) return ask(*store_, call);
    span.note("db.system.name", system_);
    span.note("db.operation.name", method);
    auto answer = ask(*store_, call);
    if (!answer) span.fail(answer.error().message);
    return answer;
  }

  const std::unique_ptr<Store> store_;
  const std::string_view system_;
};

}  // namespace

std::unique_ptr<Store> traced(std::unique_ptr<Store> store, std::string_view system) {
  return std::make_unique<TracedStore>(std::move(store), system);
}

}  // namespace ara::storage
