#include "cli/metering.h"

#include "config/limits.h"

namespace ara::cli {

std::shared_ptr<telemetry::Metrics> make_metrics(const config::Config& config, bool recording) {
  auto metrics = std::make_shared<telemetry::Metrics>(recording);
  telemetry::register_process_metrics(*metrics, ARA_VERSION, config.home);
  const config::Limits limits = config::read_limits();
  metrics->gauge("ara_available_cores", {}, [limits] { return limits.cores; });
  if (limits.memory_bytes != 0) {
    metrics->gauge("ara_available_memory_bytes", {},
                   [limits] { return static_cast<double>(limits.memory_bytes); });
  }
  return metrics;
}

}  // namespace ara::cli
