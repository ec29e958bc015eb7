#include "http/route_meters.h"

#include <algorithm>

namespace ara::http {
namespace {

std::string label(std::size_t route) {
  return route < routes().size() ? std::string(routes()[route].path) : "unmatched";
}

/// Rows of one route: as it is, and as HEAD. Behind those of all routes come the rows of what no
/// route matches, one for each method.
constexpr std::size_t kRows = 2;
constexpr std::size_t kMethods = static_cast<std::size_t>(Method::other) + 1;

std::size_t row_of(const Exchange& exchange) {
  if (exchange.route == nullptr) {
    return kRows * routes().size() + static_cast<std::size_t>(exchange.method);
  }
  const auto route = static_cast<std::size_t>(exchange.route - routes().data());
  return kRows * route + (exchange.head ? 1 : 0);
}

}  // namespace

RouteMeters::RouteMeters(telemetry::Metrics& metrics)
    : metrics_(metrics), rows_(kRows * routes().size() + kMethods) {
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const std::size_t route = std::min(i / kRows, routes().size());
    rows_[i].seconds =
        metrics.histogram("http_request_duration_seconds", {{"route", label(route)}});
  }
}

void RouteMeters::record(const Exchange& exchange, int status, double seconds) {
  Row& row = rows_[row_of(exchange)];
  auto& handle = row.counters[static_cast<std::size_t>(std::clamp(status, 100, 599) - 100)];
  std::uint64_t cell = handle.load(std::memory_order_relaxed);
  if (cell == 0) {
    const std::string method(exchange.head ? "HEAD" : to_string(exchange.method));
    const std::string route(exchange.route == nullptr ? "unmatched" : exchange.route->path);
    const auto counter = metrics_.counter(
        "http_requests_total",
        {{"method", method}, {"route", route}, {"status", std::to_string(status)}});
    cell = 1 + std::uint64_t{counter.cell};
    handle.store(cell, std::memory_order_relaxed);
  }
  metrics_.add({static_cast<std::uint32_t>(cell - 1)});
  metrics_.observe(row.seconds, seconds);
}

}  // namespace ara::http
