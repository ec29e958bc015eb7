#include "storage/db_meters.h"

#include <cmath>
#include <string_view>

#include "telemetry/trace.h"

namespace ara::storage {
namespace {

constexpr std::array<std::string_view, 12> kOperationNames{
    "heads", "bars_read", "bars_write", "forecast_read", "forecast_write", "models",
    "jobs",  "accounts",  "alerts",     "webhooks",      "settlements",    "fleet"};
constexpr std::array<std::string_view, 3> kRoleNames{"embedded", "primary", "replica"};

telemetry::Metrics::Labels labels(DbOperation operation, DbRole role) {
  return {{"operation", std::string(kOperationNames[static_cast<std::size_t>(operation)])},
          {"role", std::string(kRoleNames[static_cast<std::size_t>(role)])}};
}

/// A shorter wait for a connection is left to the span of its call.
constexpr std::chrono::milliseconds kNotedWait{1};

double seconds_of(std::chrono::nanoseconds span) {
  return std::chrono::duration<double>(span).count();
}

}  // namespace

bool is_fault(Code code) {
  switch (code) {
    case Code::overloaded:
    case Code::deadline:
    case Code::unavailable:
    case Code::io:
    case Code::corrupt:
    case Code::internal:
      return true;
    default:
      return false;
  }
}

void note_wait(const DbMetersPtr& meters, SteadyTime begun) {
  const SteadyTime now = system_clock().steady();
  if (meters) meters->waited(now - begun);
  if (now - begun >= kNotedWait) telemetry::record_span("connection wait", begun, now);
}

DbTimer::DbTimer(DbMetersPtr meters, DbOperation operation, DbRole role)
    : meters_(std::move(meters)),
      operation_(operation),
      role_(role),
      begun_(system_clock().steady()) {
  telemetry::note_span("ara.db.role", kRoleNames[static_cast<std::size_t>(role)]);
}

DbMeters::DbMeters(std::shared_ptr<telemetry::Metrics> metrics)
    : metrics_(std::move(metrics)),
      wait_(metrics_->histogram("ara_db_pool_wait_seconds")),
      refusals_(metrics_->counter("ara_db_pool_refusals_total")) {
  static_assert(kOperationNames.size() == kOperations && kRoleNames.size() == kRoles);
}

void DbMeters::query(DbOperation operation, DbRole role, std::chrono::nanoseconds span,
                     bool failed_too) {
  const auto histogram = row(operation, role).seconds.get([&] {
    // From its first call on, or a rate would not see the first error.
    errors_of(operation, role);
    return metrics_->histogram("ara_db_query_duration_seconds", labels(operation, role));
  });
  metrics_->observe(histogram, seconds_of(span));
  if (failed_too) failed(operation, role);
}

telemetry::Metrics::Counter DbMeters::errors_of(DbOperation operation, DbRole role) {
  return row(operation, role).errors.get([&] {
    return metrics_->counter("ara_db_errors_total", labels(operation, role));
  });
}

void DbMeters::failed(DbOperation operation, DbRole role) {
  metrics_->add(errors_of(operation, role));
}

void DbMeters::waited(std::chrono::nanoseconds span) {
  metrics_->observe(wait_, seconds_of(span));
}

void DbMeters::refused() {
  metrics_->add(refusals_);
}

void DbMeters::show_pool(const std::string& name, std::size_t limit,
                         const std::shared_ptr<PoolCounts>& counts) {
  const auto show = [&](std::string_view family, telemetry::Metrics::Labels pool_labels,
                        auto read) {
    metrics_->gauge(family, std::move(pool_labels), [weak = std::weak_ptr(counts), read] {
      const auto held = weak.lock();
      return held ? static_cast<double>(read(*held)) : std::nan("");
    });
  };
  show("ara_db_pool_connections", {{"pool", name}, {"state", "busy"}},
       [](const PoolCounts& pool) { return pool.busy.load(); });
  show("ara_db_pool_connections", {{"pool", name}, {"state", "idle"}},
       [](const PoolCounts& pool) { return pool.idle.load(); });
  show("ara_db_pool_limit", {{"pool", name}}, [limit](const PoolCounts&) { return limit; });
}

}  // namespace ara::storage
