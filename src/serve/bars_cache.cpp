#include "serve/bars_cache.h"

#include <cstring>
#include <span>
#include <type_traits>

#include "registry/lineup.h"
#include "serve/tier_gauges.h"

namespace ara::serve {
namespace {

using domain::Bar;

static_assert(std::is_trivially_copyable_v<Bar>, "in memory they are kept as they are");

cache::Key key_of(const domain::Symbol& symbol, const domain::Revision& revision) {
  return {stable_hash128(symbol.text() + "@" + domain::to_string(revision)), symbol.text()};
}

}  // namespace

BarsCache::BarsCache(std::shared_ptr<storage::Store> store, telemetry::Metrics& metrics,
                     std::uint64_t bytes, std::chrono::seconds ttl, const Clock& clock)
    : store_(std::move(store)),
      metrics_(metrics),
      hit_(metrics.counter("ara_cache_requests_total", {{"tier", "bars"}, {"result", "hit"}})),
      miss_(metrics.counter("ara_cache_requests_total", {{"tier", "bars"}, {"result", "miss"}})),
      ttl_(ttl),
      tier_(cache::make_memory_tier(bytes, clock)) {
  show_tier(metrics, "bars", tier_, bytes);
}

Result<domain::Series> BarsCache::newest(const storage::SymbolRow& head,
                                         const std::optional<domain::Revision>& at_least,
                                         const Call& call) {
  if (auto found = held(head, call)) {
    metrics_.add(hit_);
    return std::move(*found);
  }
  metrics_.add(miss_);
  auto series = store_->last_bars(head.symbol, registry::kHistory, call);
  if (at_least) {
    // A standby may not have heard yet of what the client has been told is written.
    const bool is_behind = series ? series->revision.counter < at_least->counter
                                  : series.error().code == Code::not_found;
    if (is_behind) {
      series = store_->last_bars(head.symbol, registry::kHistory, call.of_newest());
    }
  }
  if (series) keep(*series, call);
  return series;
}

std::optional<domain::Series> BarsCache::held(const storage::SymbolRow& head, const Call& call) {
  const auto value = tier_->get(key_of(head.symbol, head.revision), call);
  if (!value || !*value) return std::nullopt;
  const std::string& bytes = **value;
  domain::Series series{.symbol = head.symbol,
                        .asset_type = head.asset_type,
                        .revision = head.revision,
                        .bars = std::vector<Bar>(bytes.size() / sizeof(Bar))};
  std::memcpy(series.bars.data(), bytes.data(), bytes.size());
  return series;
}

void BarsCache::keep(const domain::Series& series, const Call& call) {
  const std::span bytes = std::as_bytes(std::span(series.bars));
  auto value = std::make_shared<const std::string>(reinterpret_cast<const char*>(bytes.data()),
                                                   bytes.size());
  // A tier that declines costs a later read, never this answer.
  (void)tier_->put(key_of(series.symbol, series.revision), value, ttl_, call);
}

}  // namespace ara::serve
