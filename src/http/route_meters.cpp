#include "http/route_meters.h"

#include <algorithm>

#include "http/problem.h"

namespace ara::http {
namespace {

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
    : metrics_(metrics), rows_(kRows * routes().size() + kMethods), seconds_(routes().size() + 1) {}

void RouteMeters::record(const Exchange& exchange, int status, double seconds) {
  if (!metrics_.recording()) return;
  const std::size_t row = row_of(exchange);
  const auto route = [&] {
    return std::string(exchange.route == nullptr ? "unmatched" : exchange.route->path);
  };
  const auto place = static_cast<std::size_t>(std::clamp(status, 100, 599) - 100);
  metrics_.add(rows_[row].counters[place].get([&] {
    const std::string method(exchange.head ? "HEAD" : to_string(exchange.method));
    return metrics_.counter(
        "http_requests_total",
        {{"method", method}, {"route", route()}, {"status", std::to_string(status)}});
  }));
  const auto histogram = seconds_[std::min(row / kRows, routes().size())].get(
      [&] { return metrics_.histogram("http_request_duration_seconds", {{"route", route()}}); });
  metrics_.observe(histogram, seconds);
}

ErrorMeters::ErrorMeters(telemetry::Metrics& metrics)
    : metrics_(metrics),
      quota_(metrics.counter("ara_admission_refusals_total", {{"reason", "quota"}})) {
  const auto add = [&](std::string_view name) {
    by_name_.emplace_back(name, metrics.counter("ara_errors_total", {{"code", std::string(name)}}));
  };
  for (const CodeRow& code : codes()) add(code.name);
  add(kBadRequest.name);
  add(kMethodNotAllowed.name);
}

void ErrorMeters::problem(std::string_view name) const {
  const auto found = std::ranges::find(by_name_, name, [](const auto& each) { return each.first; });
  if (found != by_name_.end()) metrics_.add(found->second);
}

}  // namespace ara::http
