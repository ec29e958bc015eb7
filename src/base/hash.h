#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ara {

/// 128 bits that are the same in every process, machine and release (XXH3, seed 0, little endian).
/// Fit for naming things we made ourselves; not a defence against a chosen collision.
struct Hash128 {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  friend bool operator==(const Hash128&, const Hash128&) = default;
};

std::uint64_t stable_hash64(std::string_view bytes);
Hash128 stable_hash128(std::string_view bytes);

/// 32 lower-case hexadecimal digits, high half first.
std::string to_hex(const Hash128& hash);
/// The same as 16 bytes.
std::string to_bytes(const Hash128& hash);
/// The inverse of to_bytes; nothing for bytes of another number.
std::optional<Hash128> hash_from_bytes(std::string_view bytes);
/// The inverse of to_hex; nothing for any other text.
std::optional<Hash128> hash_from_hex(std::string_view hex);

/// Spreads the bits of a 64-bit number (the finalizer of splitmix64, Steele et al. 2014).
constexpr std::uint64_t mix64(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

}  // namespace ara

template <>
struct std::hash<ara::Hash128> {
  std::size_t operator()(const ara::Hash128& value) const noexcept { return value.low; }
};
