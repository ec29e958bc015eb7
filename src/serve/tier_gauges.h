#pragma once

#include <cmath>
#include <memory>
#include <string>

#include "cache/tier.h"
#include "telemetry/metrics.h"

namespace ara::serve {

/// Shows a tier in memory as long as it lives; the metrics may outlive it.
inline void show_tier(telemetry::Metrics& metrics, const std::string& name,
                      const std::shared_ptr<cache::Tier>& tier, std::uint64_t limit_bytes) {
  const auto gauge = [&](std::string_view family, auto read) {
    metrics.gauge(family, {{"tier", name}}, [weak = std::weak_ptr(tier), read] {
      const auto held = weak.lock();
      return held ? static_cast<double>(read(held->stats())) : std::nan("");
    });
  };
  gauge("ara_cache_limit_bytes", [limit_bytes](const cache::TierStats&) { return limit_bytes; });
  gauge("ara_cache_evictions_total", [](const cache::TierStats& stats) { return stats.evicted; });
  gauge("ara_cache_size_bytes", [](const cache::TierStats& stats) { return stats.bytes; });
  gauge("ara_cache_entries", [](const cache::TierStats& stats) { return stats.entries; });
}

}  // namespace ara::serve
