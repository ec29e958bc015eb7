#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "cache/tier.h"
#include "domain/series.h"
#include "storage/store.h"
#include "telemetry/metrics.h"

namespace ara::serve {

/// The bars that forecasts are made from: those of a revision that is in memory cost no look at the
/// store, as where another horizon or level of the same symbol is asked for. Thread-safe.
class BarsCache {
 public:
  /// Holds at most `bytes`, each series for at most `ttl`.
  BarsCache(std::shared_ptr<storage::Store> store, telemetry::Metrics& metrics, std::uint64_t bytes,
            std::chrono::seconds ttl, const Clock& clock);

  /// The newest registry::kHistory bars: of the head's revision, or of what the store has now, but
  /// not older than `at_least`. Code::not_found for a symbol without bars.
  Result<domain::Series> newest(const storage::SymbolRow& head,
                                const std::optional<domain::Revision>& at_least, const Call& call);

 private:
  std::optional<domain::Series> held(const storage::SymbolRow& head, const Call& call);
  void keep(const domain::Series& series, const Call& call);

  std::shared_ptr<storage::Store> store_;
  telemetry::Metrics& metrics_;
  const telemetry::Metrics::Counter hit_, miss_;
  const std::chrono::seconds ttl_;
  std::shared_ptr<cache::Tier> tier_;
};

}  // namespace ara::serve
