#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "accounts/accounts.h"
#include "base/ip.h"
#include "base/result.h"
#include "jobs/queue.h"
#include "serve/forecast_service.h"
#include "storage/store.h"
#include "telemetry/metrics.h"
#include "telemetry/tracer.h"

namespace ara::live {
struct Live;
}

namespace ara::http {

struct ServerOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8000;
  unsigned event_loops = 2;                  ///< API_WORKERS
  std::chrono::seconds prediction_ttl{300};  ///< Cache-Control max-age
  std::chrono::milliseconds request_deadline{5000};
  std::chrono::seconds header_timeout{10};  ///< connection open to first whole request
  std::chrono::seconds idle_timeout{60};
  std::chrono::seconds drain_timeout{8};
  std::size_t max_connections = 100'000;
  std::vector<std::string> cors_origins;  ///< whose pages may read answers; empty: none
  std::vector<IpRange> trusted_proxies;   ///< whose X-Forwarded-For is believed
  std::string data_folder = ".";          ///< ARA_HOME; /health/detailed tells how full its disk is
  bool docs = true;                       ///< /openapi.json
  bool metrics = true;                    ///< /metrics
};

/// What a server offers, done by whom; shared, as work may outlive a request.
struct Parts {
  std::shared_ptr<serve::ForecastService> service;
  std::shared_ptr<storage::Store> store;
  std::shared_ptr<telemetry::Metrics> metrics;
  std::shared_ptr<accounts::Accounts> accounts;  ///< none: open to all, as where it says so
  std::shared_ptr<live::Live> live = {};         ///< null: streams and tests of webhooks answer 503
  std::shared_ptr<jobs::Queue> jobs = {};
  std::shared_ptr<telemetry::Tracer> tracer = {};  ///< null: nothing is traced
};

/// Serves until SIGTERM or SIGINT, then drains: readiness off, in-flight requests finished, at most
/// drain_timeout. `on_ready` is called once the port is listening. Blocks; once per process.
Result<void> run_server(const ServerOptions& options, Parts parts,
                        const std::function<void()>& on_ready);

}  // namespace ara::http
