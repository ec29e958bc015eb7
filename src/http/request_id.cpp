#include "http/request_id.h"

#include <algorithm>
#include <cstring>
#include <random>

#include "base/rng.h"

namespace ara::http {
namespace {

std::uint64_t seed_from_system() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

}  // namespace

void write_hex(std::uint64_t number, char* out) {
  static constexpr char kDigits[] = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4) *out++ = kDigits[(number >> shift) & 15];
}

RequestId RequestId::make() {
  // Mixed with a second seed, since one 64-bit seed alone would let two threads in 2^32 agree.
  thread_local Rng rng(seed_from_system());
  thread_local const std::uint64_t salt = seed_from_system();
  RequestId id;
  write_hex(rng.next() ^ salt, id.text_.data());
  write_hex(rng.next(), id.text_.data() + 16);
  id.size_ = 32;
  return id;
}

std::optional<RequestId> RequestId::accept(std::string_view given) {
  const auto graphic = [](char c) { return c > 0x20 && c < 0x7F; };
  if (given.empty() || given.size() > kMaxLength || !std::ranges::all_of(given, graphic)) {
    return std::nullopt;
  }
  RequestId id;
  std::memcpy(id.text_.data(), given.data(), given.size());
  id.size_ = static_cast<std::uint8_t>(given.size());
  return id;
}

}  // namespace ara::http
