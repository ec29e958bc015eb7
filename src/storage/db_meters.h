#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "telemetry/lazy.h"

namespace ara::storage {

/// What a connection is lent for: the methods of Store in groups. `fleet` is what shards and
/// servers must know of one another.
enum class DbOperation {
  heads,
  bars_read,
  bars_write,
  forecast_read,
  forecast_write,
  models,
  jobs,
  accounts,
  alerts,
  webhooks,
  settlements,
  fleet,
};
enum class DbRole { embedded, primary, replica };

/// Whether an error tells of the database, and not of what was asked.
bool is_fault(Code code);

/// How many connections a pool has; written by it, read by whoever scrapes.
struct PoolCounts {
  std::atomic<std::size_t> busy = 0;  ///< on loan, or being opened
  std::atomic<std::size_t> idle = 0;
};

/// The ara_db_* families, but those of standbys. Thread-safe; counting takes no lock.
class DbMeters {
 public:
  explicit DbMeters(std::shared_ptr<telemetry::Metrics> metrics);

  void query(DbOperation operation, DbRole role, std::chrono::nanoseconds span, bool failed);
  void failed(DbOperation operation, DbRole role);
  void waited(std::chrono::nanoseconds span);
  void refused();
  /// Shows a pool as long as `counts` lives. `name` tells it from others.
  void show_pool(const std::string& name, std::size_t limit,
                 const std::shared_ptr<PoolCounts>& counts);
  telemetry::Metrics& metrics() { return *metrics_; }

 private:
  static constexpr std::size_t kOperations = static_cast<std::size_t>(DbOperation::fleet) + 1;
  static constexpr std::size_t kRoles = static_cast<std::size_t>(DbRole::replica) + 1;
  struct Row {
    telemetry::LazyHistogram seconds;
    telemetry::LazyCounter errors;
  };

  telemetry::Metrics::Counter errors_of(DbOperation operation, DbRole role);
  Row& row(DbOperation operation, DbRole role) {
    return rows_[static_cast<std::size_t>(operation) * kRoles + static_cast<std::size_t>(role)];
  }

  const std::shared_ptr<telemetry::Metrics> metrics_;
  const telemetry::Metrics::Histogram wait_;
  const telemetry::Metrics::Counter refusals_;
  std::array<Row, kOperations * kRoles> rows_;
};

/// Of a pool that nobody watches there are none (null); the calls below may be made all the same.
using DbMetersPtr = std::shared_ptr<DbMeters>;

/// A connection was waited for since `begun`: for the metrics and, from a millisecond on, a span.
void note_wait(const DbMetersPtr& meters, SteadyTime begun);

/// Times one loan of a connection, from its making to its end. The span of the call that it is lent
/// for gets the role; where one server fails and another is asked, that of the last.
class DbTimer {
 public:
  DbTimer(DbMetersPtr meters, DbOperation operation, DbRole role);
  DbTimer(DbTimer&&) noexcept = default;
  DbTimer& operator=(DbTimer&&) = delete;
  ~DbTimer() {
    if (meters_) meters_->query(operation_, role_, system_clock().steady() - begun_, failed_);
  }
  void note_failure() { failed_ = true; }

 private:
  DbMetersPtr meters_;
  DbOperation operation_;
  DbRole role_;
  SteadyTime begun_;
  bool failed_ = false;
};

}  // namespace ara::storage
