#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace ara::accounts {

using Digest = std::array<unsigned char, 32>;

/// SHA-256 (FIPS 180-4).
Digest sha256(std::string_view bytes);
/// HMAC-SHA-256 (RFC 2104) of any key.
Digest hmac_sha256(std::string_view key, std::string_view bytes);

/// Compares in a time that depends on the lengths alone.
bool equal_in_constant_time(std::string_view a, std::string_view b);

/// `bytes` random bytes of the operating system's generator, as lower-case hexadecimal digits.
std::string random_hex(std::size_t bytes);
std::string to_hex(const Digest& digest);

}  // namespace ara::accounts
