#pragma once

#include <optional>

#include "http/app.h"
#include "http/exchange.h"

/// A request as a trace: where it comes from, what it consists of, how it ends.
namespace ara::http {

/// Takes up the trace of who asks (W3C `traceparent`, `tracestate`), or begins one. An answer names
/// none: who sent a `traceparent` knows its trace, all others have the request id, which spans and
/// log lines carry too. (The header for it, `traceresponse`, is a draft, and rendered answers could
/// not carry it.)
std::optional<Reply> join_trace(App& app, Exchange& exchange);

/// Has what the request spends its time on recorded from now on; it leaves the fast lane.
void open_trace(App& app, Exchange& exchange);

/// Hands the trace over, if it is sampled, slow or failed; a log line for what was slow and, at
/// level debug, for every request.
void end_trace(App& app, const Exchange& exchange, Reply& reply);

}  // namespace ara::http
