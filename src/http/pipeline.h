#pragma once

#include <optional>

#include "http/app.h"
#include "http/exchange.h"
#include "http/routes.h"

namespace ara::http {

/// The way of a request: middlewares, handler, middlewares. No exception leaves it: one that is
/// thrown inside becomes a 500 problem. (That is the error boundary; it is no row of the list
/// because it encloses each call into it.)

/// The fast lane: runs the middlewares and the route's fast handler. Nothing: go on with run_slow.
std::optional<Reply> run_fast(App& app, Exchange& exchange) noexcept;

/// The slow lane: begins the route's slow handler. `respond` gets the finished reply once, maybe on
/// another thread, maybe before this returns. `exchange` must live until then.
void run_slow(App& app, Exchange& exchange, Respond respond) noexcept;

/// The deadline has passed: answers that, unless the slow lane has just answered; what it answers
/// later is dropped.
void give_up(App& app, Exchange& exchange, Respond respond) noexcept;

}  // namespace ara::http
