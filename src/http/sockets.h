#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "http/connection_guard.h"

namespace ara::http {

/// What the server library does not tell about its sockets, asked of the system.

Peer peer_of(const sockaddr* address);

/// An accepted connection of this process.
struct OpenSocket {
  int fd = -1;
  Peer peer = 0;
};

/// All connections accepted on a local port, by looking at every descriptor: about 1 µs each, so
/// this is done only when there is a reason.
std::vector<OpenSocket> accepted_sockets(std::uint16_t port);

/// Whether this process accepts connections on the port.
bool is_listening(std::uint16_t port);

/// Closes the sockets that accept connections on the port: whoever connects from now on is refused.
/// The server library, which cannot do so without ending all, keeps their numbers; they mean
/// something that never becomes readable.
void stop_accepting(std::uint16_t port);

/// Ends a connection in both directions; its owner then sees it closed. False where the descriptor
/// means another connection by now.
bool cut(const OpenSocket& socket);

/// Ends connections on the port that do not get a request together in time, and has `guard` forget
/// those that are gone. `open`: how many there are.
void cut_overdue(ConnectionGuard& guard, std::uint16_t port, std::size_t open, SteadyTime now);

/// A descriptor of our own for the connection that was accepted on `port` from `peer`; nothing
/// where it is gone. A handful of system calls for a young connection, one for each descriptor at
/// worst.
std::optional<int> duplicate(std::uint16_t port, Peer peer);

/// Allows as many descriptors as the system lets this process have.
void raise_descriptor_limit();

/// The address to listen on: an IPv4 or IPv6 address as it is, "localhost" as 127.0.0.1; Code::
/// invalid for anything else. Code::io where the port cannot be bound now.
Result<std::string> check_listen_address(const std::string& host, std::uint16_t port);

}  // namespace ara::http
