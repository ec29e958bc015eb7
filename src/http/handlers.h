#pragma once

#include <optional>
#include <string>

#include "http/exchange.h"
#include "http/routes.h"

/// The handlers that routes.cpp names, one file a resource.
namespace ara::http {

// predict.cpp
std::optional<Reply> predict_get_fast(App& app, Exchange& exchange);
std::optional<Reply> predict_post_fast(App& app, Exchange& exchange);
void predict_slow(App& app, Exchange& exchange, Respond respond);

// health.cpp
std::optional<Reply> health_live(App& app, Exchange& exchange);
std::optional<Reply> health_ready(App& app, Exchange& exchange);
std::optional<Reply> health(App& app, Exchange& exchange);

// about.cpp
std::optional<Reply> about(App& app, Exchange& exchange);
std::optional<Reply> metrics_text(App& app, Exchange& exchange);
std::optional<Reply> openapi_json(App& app, Exchange& exchange);

}  // namespace ara::http
