#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ara::config {

/// Where a server is: a name or an address, and its port where that is given.
struct HostPort {
  std::string host;
  std::optional<std::uint16_t> port;

  /// Of "host", "host:port", "[IPv6 address]" or "[IPv6 address]:port"; nothing for other texts.
  static std::optional<HostPort> parse(std::string_view text);
};

}  // namespace ara::config
