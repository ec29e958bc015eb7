#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace ara {

/// An IP address in 16 bytes; an IPv4 one as ::ffff:a.b.c.d (RFC 4291, section 2.5.5.2).
using IpAddress = std::array<unsigned char, 16>;

/// The whole of `text` as an IPv4 or IPv6 address; nothing for names, ports and scopes.
std::optional<IpAddress> parse_ip(std::string_view text);

/// All addresses that begin with the same bits.
struct IpRange {
  IpAddress address{};
  int bits = 128;  ///< of the 16 bytes

  /// An address, or ADDRESS/BITS.
  static std::optional<IpRange> parse(std::string_view text);
  bool contains(const IpAddress& other) const;
};

}  // namespace ara
