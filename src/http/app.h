#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "http/route_meters.h"
#include "http/routes.h"
#include "http/server.h"
#include "serve/slow_lane.h"

namespace ara::http {

inline constexpr std::string_view kVersion = ARA_VERSION;

/// What handlers and middlewares share; lives as long as the server.
struct App {
  App(const ServerOptions& given, Parts parts, const Clock& time = system_clock());
  ~App();
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  const ServerOptions options;
  const Features features;
  const std::shared_ptr<serve::ForecastService> service;
  const std::shared_ptr<storage::Store> store;
  const std::shared_ptr<telemetry::Metrics> metrics;
  const std::shared_ptr<accounts::Accounts> accounts;
  const bool open;                         ///< nobody is asked who they are
  const std::shared_ptr<live::Live> live;  ///< null where nothing is streamed
  const std::shared_ptr<jobs::Queue> jobs;
  const std::shared_ptr<telemetry::Tracer> tracer;  ///< null where nothing is traced
  const Clock& clock;
  const SteadyTime started = clock.steady();
  RouteMeters route_meters;
  const ErrorMeters error_meters;
  const std::string cache_control;  ///< the header line of a forecast that may be kept
  const std::string openapi;        ///< the document, made once
  /// Where blocking handlers run (Route::work). What may write has threads of its own: a commit
  /// waits for a standby, for seconds if that is gone, and who only reads must not wait behind it.
  serve::SlowLane desk;
  serve::SlowLane write_desk;
  serve::SlowLane& desk_of(const Exchange& exchange) {
    return exchange.method == Method::get ? desk : write_desk;
  }
  std::atomic<bool> draining = false;  ///< not ready any more
  /// Nobody can connect any more, and each answer ends its connection. Not before: a proxy would
  /// connect anew for each request, and lose one that is sent when the port closes.
  std::atomic<bool> parting = false;
  /// The last moment: what comes yet, and the slow lane refuses, is not answered. Its connection
  /// ends, upon which a proxy asks another server; a 503 it would pass on.
  std::atomic<bool> leaving = false;
  std::atomic<int> in_flight = 0;  ///< requests that the slow lane has not answered yet
};

}  // namespace ara::http
