#include "serve/history.h"

#include <algorithm>

namespace ara::serve {
namespace {

/// The day up to which all symbols have bars.
Result<domain::Time> common_end(storage::Store& store, std::span<const domain::Symbol> symbols,
                                const Call& call) {
  domain::Time end = domain::Time::max();
  for (const domain::Symbol& symbol : symbols) {
    const auto row = store.find_symbol(symbol, call);
    if (!row) return std::unexpected(row.error());
    if (!*row) {
      return std::unexpected(Error{Code::not_found, "There are no bars of " + symbol.text(),
                                   "assets", symbol.text(),
                                   "symbols that GET /api/v1/symbols lists"});
    }
    end = std::min(end, (*row)->last);
  }
  return end;
}

}  // namespace

Result<portfolio::History> read_history(storage::Store& store,
                                        std::span<const domain::Symbol> symbols,
                                        const domain::Period& period, const Call& call) {
  // Bars before the period that its first return may need: the longest closures are shorter.
  constexpr std::chrono::days kBefore{30};
  const auto end = common_end(store, symbols, call);
  if (!end) return std::unexpected(end.error());
  const domain::Date from = period.before(domain::date_of(*end));
  const storage::BarRange range{
      .from = domain::Time(from - kBefore),
      .to = *end,
      .limit = static_cast<std::size_t>((period.most_days() + kBefore.count()))};
  std::vector<domain::Series> series;
  for (const domain::Symbol& symbol : symbols) {
    auto bars = store.bars(symbol, range, call);
    if (!bars) return std::unexpected(std::move(bars.error()));
    series.push_back(std::move(*bars));
  }
  return portfolio::align(series, from);
}

}  // namespace ara::serve
