#include "cli/tracing.h"

#include <unistd.h>

#include <array>
#include <utility>

namespace ara::cli {
namespace {

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

}  // namespace

std::shared_ptr<telemetry::Tracer> make_tracer(const config::Config& config,
                                               std::shared_ptr<telemetry::Metrics> metrics,
                                               const std::string& instance) {
  telemetry::Tracer::Options options{.share = config.otlp_sample_ratio,
                                     .slow = std::chrono::milliseconds(config.slow_request_ms),
                                     .exporter = {}};
  const std::string host = host_name();
  options.exporter.url = config.otlp_endpoint;
  options.exporter.version = ARA_VERSION;
  options.exporter.resource = {{"service.name", "ara"},
                               {"service.version", ARA_VERSION},
                               {"service.instance.id", host + ":" + instance},
                               {"host.name", host},
                               {"process.pid", std::to_string(getpid())},
                               {"deployment.environment.name", config.environment}};
  return std::make_shared<telemetry::Tracer>(std::move(options), std::move(metrics));
}

}  // namespace ara::cli
