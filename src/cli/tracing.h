#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "config/config.h"
#include "telemetry/metrics.h"
#include "telemetry/tracer.h"

namespace ara::cli {

/// How long a process that ends goes on handing over traces.
inline constexpr std::chrono::seconds kFlushTraces{2};

/// What traces this process as the settings say. `instance` tells it from others of its machine.
std::shared_ptr<telemetry::Tracer> make_tracer(const config::Config& config,
                                               std::shared_ptr<telemetry::Metrics> metrics,
                                               const std::string& instance);

}  // namespace ara::cli
