#include "telemetry/trace_context.h"

#include <algorithm>
#include <array>
#include <random>

#include "base/rng.h"
#include "base/text.h"

namespace ara::telemetry {
namespace {

constexpr std::size_t kVersion = 0, kTrace = 3, kSpan = 36, kFlags = 53, kLength = 55;
constexpr std::size_t kMostState = 512;
constexpr std::size_t kMostMembers = 32;
constexpr std::size_t kMostKey = 256;
constexpr std::size_t kMostValue = 256;

/// The number that `count` (at most 16) lower-case hexadecimal digits stand for.
std::optional<std::uint64_t> parse_hex(std::string_view text, std::size_t at, std::size_t count) {
  std::uint64_t number = 0;
  for (const char c : text.substr(at, count)) {
    const bool letter = c >= 'a' && c <= 'f';
    if (!letter && !is_digit(c)) return std::nullopt;
    number = number << 4 | static_cast<std::uint64_t>(letter ? c - 'a' + 10 : c - '0');
  }
  return number;
}

void append_hex(std::string& out, std::uint64_t number) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4) out += kDigits[(number >> shift) & 15];
}

bool is_key(std::string_view key) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || is_digit(c) || std::string_view("_-*/@").contains(c);
  };
  return !key.empty() && key.size() <= kMostKey &&
         ((key[0] >= 'a' && key[0] <= 'z') || is_digit(key[0])) && std::ranges::all_of(key, fits);
}

bool is_value(std::string_view value) {
  const auto fits = [](char c) { return c >= ' ' && c <= '~' && c != ',' && c != '='; };
  return !value.empty() && value.size() <= kMostValue && value.back() != ' ' &&
         std::ranges::all_of(value, fits);
}

/// This thread's random numbers. Two seeds of 64 bits, so that not even many threads share ids.
struct Source {
  static std::uint64_t seed() {
    std::random_device device;
    return (std::uint64_t{device()} << 32) | device();
  }
  std::uint64_t next() { return rng.next() ^ salt; }

  Rng rng{seed()};
  std::uint64_t salt = seed();
};

Source& source() {
  thread_local Source own;
  return own;
}

}  // namespace

std::optional<TraceContext> parse_traceparent(std::string_view text) {
  if (text.size() < kLength || text[kTrace - 1] != '-' || text[kSpan - 1] != '-' ||
      text[kFlags - 1] != '-') {
    return std::nullopt;
  }
  const auto version = parse_hex(text, kVersion, 2);
  if (!version || *version == 0xFF) return std::nullopt;
  if (text.size() > kLength && (*version == 0 || text[kLength] != '-')) return std::nullopt;
  const auto high = parse_hex(text, kTrace, 16), low = parse_hex(text, kTrace + 16, 16);
  const auto span = parse_hex(text, kSpan, 16), flags = parse_hex(text, kFlags, 2);
  if (!high || !low || !span || !flags) return std::nullopt;
  if ((*high | *low) == 0 || *span == 0) return std::nullopt;
  return TraceContext{{*high, *low}, *span, (*flags & 1) != 0};
}

std::string to_traceparent(const TraceContext& context) {
  std::string text = "00-";
  text.reserve(kLength);
  append_hex(text, context.trace.high);
  append_hex(text, context.trace.low);
  text += '-';
  append_hex(text, context.span);
  text += context.sampled ? "-01" : "-00";
  return text;
}

std::string to_hex(const TraceId& id) {
  std::string text;
  append_hex(text, id.high);
  append_hex(text, id.low);
  return text;
}

std::string to_hex(std::uint64_t span) {
  std::string text;
  append_hex(text, span);
  return text;
}

bool is_tracestate(std::string_view text) {
  if (text.size() > kMostState) return false;
  std::array<std::string_view, kMostMembers> keys;
  std::size_t members = 0;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    // Blanks around a member belong to the list, and a member may be empty.
    std::string_view member = text.substr(at, comma - at);
    while (member.starts_with(' ') || member.starts_with('\t')) member.remove_prefix(1);
    while (member.ends_with(' ') || member.ends_with('\t')) member.remove_suffix(1);
    at = comma + 1;
    if (member.empty()) continue;
    const std::size_t equals = member.find('=');
    if (equals == std::string_view::npos || members == kMostMembers) return false;
    const std::string_view key = member.substr(0, equals);
    if (!is_key(key) || !is_value(member.substr(equals + 1))) return false;
    if (std::ranges::contains(keys.begin(), keys.begin() + members, key)) return false;
    keys[members++] = key;
  }
  return members > 0;
}

TraceId make_trace_id() {
  TraceId id{source().next(), source().next()};
  if (!id) id.low = 1;
  return id;
}

std::uint64_t make_span_id() {
  return std::max<std::uint64_t>(source().next(), 1);
}

bool draw(double share) {
  return share > 0 && source().rng.uniform() < share;
}

}  // namespace ara::telemetry
