#pragma once

#include <string_view>

#include "http/exchange.h"
#include "telemetry/metrics.h"

namespace ara::http {

inline constexpr std::string_view kPrometheusText = "text/plain; version=0.0.4; charset=utf-8";

/// What /metrics answers: Prometheus' text, or OpenMetrics where Accept asks for it.
Reply metrics_reply(const telemetry::Metrics& metrics, const Exchange& exchange);

}  // namespace ara::http
