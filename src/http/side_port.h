#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "telemetry/metrics.h"

namespace ara::http {

struct SidePortOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  bool metrics = true;                      ///< /metrics
  std::chrono::seconds header_timeout{10};  ///< connection open to first whole request
  std::chrono::seconds idle_timeout{60};
  std::size_t max_connections = 64;
};

/// The port of a process that serves nothing else, a worker: /metrics, /health/live and
/// /health/ready, as a server answers them. One in a process, and none beside a server, since there
/// is one server library in it.
class SidePort {
 public:
  /// Listens once it returns. `ready` is asked on the event loop: it says at once why this process
  /// should not be counted on, or nothing. Code::io, naming METRICS_PORT, where the port cannot be
  /// had; Code::invalid for a host that is no address.
  static Result<std::unique_ptr<SidePort>> open(const SidePortOptions& options,
                                                std::shared_ptr<const telemetry::Metrics> metrics,
                                                std::function<Result<void>()> ready);
  /// Ends what is open and waits for it; a moment.
  ~SidePort();
  SidePort(const SidePort&) = delete;
  SidePort& operator=(const SidePort&) = delete;

  /// It is not ready from now on, and goes on answering.
  void say_stopping();

 private:
  struct Inner;
  explicit SidePort(std::unique_ptr<Inner> inner);

  std::unique_ptr<Inner> inner_;
};

}  // namespace ara::http
