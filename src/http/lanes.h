#pragma once

#include "http/app.h"
#include "http/connection_guard.h"

namespace ara::http {

/// Hangs both lanes into the server library: the fast one into its synchronous pre-routing advice,
/// where an answer costs least, the slow one into the asynchronous advice that comes right after.
/// The library's own router, filters and file server, which would come next, are never reached, but
/// by the handshake of a WebSocket (takeover.h).
/// Both arguments must live until the server has stopped.
void install_lanes(App& app, ConnectionGuard& guard);

}  // namespace ara::http
