#pragma once

#include <sys/socket.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ara::webhooks {

/// Where webhooks may point. A server that sends requests wherever a user says is a door into its
/// own network (server-side request forgery); both settings open that door, for development.
struct Policy {
  bool allow_private = false;  ///< WEBHOOK_ALLOW_PRIVATE: any address, any port, http too
  bool allow_http = false;     ///< WEBHOOK_ALLOW_HTTP
};

/// What kind of address that is which is not on the public Internet, e.g. "loopback"; nothing for a
/// public one. IPv6 addresses that carry an IPv4 one (mapped, compatible, NAT64, 6to4, Teredo) are
/// never public: what they lead to is decided elsewhere.
std::optional<std::string_view> not_public(const sockaddr& address);

/// Checks what can be checked of a URL before it is used: https (or http where allowed), a port of
/// the list, no user name, no literal address or name that is not public. What a name means is
/// checked when it is used, on the address that is connected to. Code::invalid, of field "url".
Result<void> check_url(std::string_view url, const Policy& policy);

}  // namespace ara::webhooks
