#include "http/route_meters.h"

#include <algorithm>

namespace ara::http {
namespace {

constexpr std::array<std::string_view, 4> kMethods{"GET", "HEAD", "POST", "other"};

std::string label(std::size_t route) {
  return route < routes().size() ? std::string(routes()[route].path) : "unmatched";
}

}  // namespace

RouteMeters::RouteMeters(telemetry::Metrics& metrics)
    : metrics_(metrics), rows_(routes().size() + 1) {
  for (std::size_t route = 0; route < rows_.size(); ++route) {
    const auto seconds =
        metrics.histogram("http_request_duration_seconds", {{"route", label(route)}});
    for (Row& row : rows_[route]) row.seconds = seconds;
  }
}

std::size_t RouteMeters::method_index(const Exchange& exchange) {
  switch (exchange.method) {
    case Method::get:
      return exchange.head ? 1 : 0;
    case Method::post:
      return 2;
    case Method::other:
      return 3;
  }
  return 3;
}

void RouteMeters::record(const Exchange& exchange, int status, double seconds) {
  const std::size_t route = exchange.route == nullptr
                                ? routes().size()
                                : static_cast<std::size_t>(exchange.route - routes().data());
  const std::size_t method = method_index(exchange);
  Row& row = rows_[route][method];
  auto& handle = row.counters[static_cast<std::size_t>(std::clamp(status, 100, 599) - 100)];
  std::uint64_t cell = handle.load(std::memory_order_relaxed);
  if (cell == 0) {
    cell = 1 + std::uint64_t{
                   metrics_
                       .counter("http_requests_total", {{"method", std::string(kMethods[method])},
                                                        {"route", label(route)},
                                                        {"status", std::to_string(status)}})
                       .cell};
    handle.store(cell, std::memory_order_relaxed);
  }
  metrics_.add({static_cast<std::uint32_t>(cell - 1)});
  metrics_.observe(row.seconds, seconds);
}

}  // namespace ara::http
