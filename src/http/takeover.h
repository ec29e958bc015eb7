#pragma once

#include <drogon/HttpRequest.h>
#include <drogon/HttpTypes.h>

#include <functional>
#include <memory>
#include <optional>

#include "base/result.h"
#include "http/app.h"
#include "http/connection_guard.h"
#include "http/exchange.h"

namespace ara::http {

/// Connections that outlive their request are not left to the server library, whose WebSocket
/// reader can be made to throw by one frame, and which keeps without bound what a slow client does
/// not take (docs/adr). They go to the hub: it gets a descriptor of its own for the socket.

/// What is wrong with the handshake of a WebSocket (RFC 6455, section 4.2.1); nothing if it is one.
std::optional<Error> check_handshake(const Exchange& exchange);

/// Lets WebSockets be taken over; once, before the server runs. Both arguments must live until it
/// has stopped.
void install_takeover(App& app, ConnectionGuard& guard);

/// Goes on with a request whose exchange carries a streams::Join. For a WebSocket the library is
/// let go on by `go_on`: it answers the handshake, then gives the connection up. A stream of events
/// is spoken to past the library, for which the request stays unanswered.
void take_over(App& app, ConnectionGuard& guard, const drogon::HttpRequestPtr& request,
               const Exchange& exchange, std::function<void()>&& go_on);

}  // namespace ara::http
