#include "http/server.h"

#include <drogon/HttpAppFramework.h>
#include <malloc.h>

#include <thread>

#include "http/app.h"
#include "http/connection_guard.h"
#include "http/lanes.h"
#include "http/library.h"
#include "http/signals.h"
#include "http/sockets.h"
#include "http/takeover.h"
#include "live/live.h"
#include "telemetry/log.h"

namespace ara::http {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kSweep{1000};
constexpr std::chrono::milliseconds kDrainStep{20};
/// Ends connections that keep us waiting for a request.
void sweep(const App& app, ConnectionGuard& guard) {
  const std::size_t open = static_cast<std::size_t>(drogon::app().getConnectionCount()) +
                           (app.live ? app.live->hub->connections() : 0);
  cut_overdue(guard, app.options.port, open, app.clock.steady());
}

/// An answer of some hundred kilobytes would be mapped, page by page, and unmapped each time, which
/// takes longer than to write it. (Memory that stays free is bounded by the second value.)
void keep_large_buffers() {
  mallopt(M_MMAP_THRESHOLD, 4 << 20);
  mallopt(M_TRIM_THRESHOLD, 16 << 20);
}

/// Until the slow lane has had nothing to do for a moment, or until that time.
void wait_for_quiet(const App& app, SteadyTime until) {
  int quiet = 0;
  while (quiet < 3 && app.clock.steady() < until) {
    std::this_thread::sleep_for(kDrainStep);
    quiet = app.in_flight == 0 ? quiet + 1 : 0;
  }
}

/// Readiness goes off at once; then what is in flight is finished, what comes on open connections
/// meanwhile is answered too, and at `drain_timeout` at the latest the server stops.
void drain(App& app) {
  const SteadyTime end = app.clock.steady() + app.options.drain_timeout;
  // The last part of the time is for work that still comes while we wait for quiet.
  const SteadyTime closing = app.clock.steady() + app.options.drain_timeout * 3 / 4;
  app.draining = true;
  telemetry::log(telemetry::LogLevel::info, "Stopping: finishing the requests in flight");
  if (app.live) app.live->hub->close();
  wait_for_quiet(app, closing);
  // From now on proxies that connect are refused, and ask another server; open connections are
  // closed with the next answer on each.
  stop_accepting(app.options.port);
  app.parting = true;
  wait_for_quiet(app, closing);
  app.leaving = app.in_flight == 0;
  app.service->drain({end});
  app.desk.drain({end});
  app.write_desk.drain({end});
  while (app.in_flight > 0 && app.clock.steady() < end) std::this_thread::sleep_for(kDrainStep);
  drogon::app().quit();
}

/// The thread beside the event loops: tells when the port accepts, sweeps, and stops the server.
void control(App& app, ConnectionGuard& guard, const StopSignal& stop,
             const std::function<void()>& on_ready) {
  while (!is_listening(app.options.port)) std::this_thread::sleep_for(1ms);
  on_ready();
  while (!stop.wait_for(kSweep)) sweep(app, guard);
  drain(app);
}

}  // namespace

Result<void> run_server(const ServerOptions& options, Parts parts,
                        const std::function<void()>& on_ready) {
  const auto address = check_listen_address(options.host, options.port);
  if (!address) return std::unexpected(address.error());
  keep_large_buffers();
  App app(options, std::move(parts));
  ConnectionGuard guard(options.header_timeout, options.idle_timeout + options.header_timeout);
  const StopSignal stop;
  set_up_library({.address = *address,
                  .port = options.port,
                  .event_loops = options.event_loops,
                  .max_connections = options.max_connections,
                  .idle_timeout = options.idle_timeout});
  raise_descriptor_limit();
  install_takeover(app, guard);
  install_lanes(app, guard);
  std::jthread controller;
  drogon::app().registerBeginningAdvice(
      [&] { controller = std::jthread([&] { control(app, guard, stop, on_ready); }); });
  drogon::app().run();
  return {};
}

}  // namespace ara::http
