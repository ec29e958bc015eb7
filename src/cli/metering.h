#pragma once

#include <memory>

#include "config/config.h"
#include "telemetry/metrics.h"

namespace ara::cli {

/// The metrics of this process, with what it uses of the machine and what that is a share of.
std::shared_ptr<telemetry::Metrics> make_metrics(const config::Config& config, bool recording);

}  // namespace ara::cli
