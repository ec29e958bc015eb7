#include "http/app.h"

#include <algorithm>
#include <cmath>

#include "http/openapi.h"

namespace ara::http {
namespace {

/// A forecast that this server keeps is never wrong, but a client's copy is old once new bars come,
/// and nobody can tell the client so. A minute is what it may be behind.
constexpr std::chrono::seconds kMostClientAge{60};

/// Blocking handlers mostly wait for the store, whose calls do not get faster by being many.
constexpr unsigned kDeskThreads = 4;
constexpr std::size_t kDeskQueue = 1024;

std::string cache_control(std::chrono::seconds ttl) {
  return "cache-control: public, max-age=" + std::to_string(std::min(ttl, kMostClientAge).count()) +
         ", must-revalidate\r\n";
}

}  // namespace

App::App(const ServerOptions& given, Parts parts, const Clock& time)
    : options(given),
      features{given.docs, given.metrics},
      service(std::move(parts.service)),
      store(std::move(parts.store)),
      metrics(std::move(parts.metrics)),
      accounts(std::move(parts.accounts)),
      open(!accounts || accounts->open()),
      live(std::move(parts.live)),
      jobs(std::move(parts.jobs)),
      tracer(std::move(parts.tracer)),
      clock(time),
      route_meters(*metrics),
      error_meters(*metrics),
      cache_control(http::cache_control(given.prediction_ttl)),
      openapi(make_openapi(features, kVersion)),
      desk(kDeskThreads, kDeskQueue, time),
      write_desk(kDeskThreads, kDeskQueue, time) {
  metrics->gauge("ara_requests_in_flight", {}, [this] { return double(in_flight.load()); });
}

App::~App() {
  // The metrics may live longer.
  metrics->gauge("ara_requests_in_flight", {}, [] { return std::nan(""); });
}

}  // namespace ara::http
