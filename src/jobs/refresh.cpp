// The kind "refresh": {"symbol": "AAPL"}. One forecast for each band of horizons, so that the first
// to ask after new bars need not wait; at most one such job is queued for a symbol.

#include "base/format.h"
#include "jobs/forecasts.h"
#include "jobs/payload.h"
#include "registry/version.h"

namespace ara::jobs {
namespace {

Result<domain::Symbol> read_refresh(std::string_view payload) {
  auto in = Payload::parse(payload);
  if (!in) return std::unexpected(std::move(in.error()));
  auto symbol = domain::Symbol::parse(in->text("symbol"));
  if (auto checked = in->check(); !checked) return std::unexpected(std::move(checked.error()));
  return symbol;
}

}  // namespace

Result<Prepared> prepare_refresh(std::string_view payload, const registry::Shelf&) {
  return read_refresh(payload).transform([](const domain::Symbol& symbol) {
    return Prepared{ara::format(R"({{"symbol":{}}})", json_text(symbol.text())), symbol.text()};
  });
}

Result<std::string> run_refresh(std::string_view payload, Context& context) {
  const auto symbol = read_refresh(payload);
  if (!symbol) return std::unexpected(symbol.error());
  auto forecasts = Forecasts::start(context);
  if (!forecasts) return std::unexpected(std::move(forecasts.error()));
  std::vector<std::string> ids;
  for (const registry::Band& band : registry::bands()) {
    if (context.cancelled()) break;
    context.progress(
        static_cast<double>(ids.size()) / static_cast<double>(registry::bands().size()),
        ara::format("{} sessions", band.last));
    const auto row = forecasts->make({.symbol = *symbol, .days = band.last, .asset_type = {}});
    if (!row) return std::unexpected(row.error());
    ids.push_back(to_hex(row->id));
  }
  return ara::format(R"({{"symbol":{},"ids":{}}})", json_text(symbol->text()), json_texts(ids));
}

}  // namespace ara::jobs
