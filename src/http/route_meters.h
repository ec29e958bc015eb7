#pragma once

#include <array>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "http/exchange.h"
#include "http/routes.h"
#include "telemetry/lazy.h"

namespace ara::http {

/// http_requests_total{method,route,status} and http_request_duration_seconds{route}. The label of
/// what no route matches is "unmatched", so that clients cannot make series; a route that nobody
/// has asked for has none.
class RouteMeters {
 public:
  explicit RouteMeters(telemetry::Metrics& metrics);

  void record(const Exchange& exchange, int status, double seconds);

 private:
  static constexpr int kStatuses = 500;  ///< 100 to 599

  /// Handles by status, made when one is first met: nearly all requests end in three or four.
  struct Row {
    std::array<telemetry::LazyCounter, kStatuses> counters{};
  };

  telemetry::Metrics& metrics_;
  std::vector<Row> rows_;
  std::vector<telemetry::LazyHistogram> seconds_;  ///< by route; the last: unmatched
};

/// ara_errors_total{code}, by the member `error` of problems, and what quotas refuse.
class ErrorMeters {
 public:
  explicit ErrorMeters(telemetry::Metrics& metrics);

  void problem(std::string_view name) const;
  void quota() const { metrics_.add(quota_); }

 private:
  telemetry::Metrics& metrics_;
  std::vector<std::pair<std::string_view, telemetry::Metrics::Counter>> by_name_;
  telemetry::Metrics::Counter quota_;
};

}  // namespace ara::http
