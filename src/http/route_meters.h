#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <string_view>
#include <vector>

#include "http/exchange.h"
#include "http/routes.h"
#include "telemetry/metrics.h"

namespace ara::http {

/// http_requests_total{method,route,status} and http_request_duration_seconds{route}. The label of
/// what no route matches is "unmatched", so that clients cannot make series.
class RouteMeters {
 public:
  explicit RouteMeters(telemetry::Metrics& metrics);

  void record(const Exchange& exchange, int status, double seconds);

 private:
  static constexpr int kStatuses = 500;  ///< 100 to 599

  /// Handles by status, made when one is first met: nearly all requests end in three or four.
  struct Row {
    std::array<std::atomic<std::uint64_t>, kStatuses> counters{};  ///< handle + 1; 0: not made yet
    telemetry::Metrics::Histogram seconds;
  };

  telemetry::Metrics& metrics_;
  std::vector<Row> rows_;
};

}  // namespace ara::http
