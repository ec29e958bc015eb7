#include "webhooks/event.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace ara::webhooks {
namespace {

constexpr std::array<std::string_view, 7> kNames{
    "prediction_complete", "model_trained",      "model_deployed", "backtest_complete",
    "alert_triggered",     "data_quality_issue", "system_error"};

/// Without its random numbers and hashes nothing here may go on.
void require_sodium() {
  static const bool ready = sodium_init() >= 0;
  if (!ready) std::abort();
}

template <std::size_t Size>
std::string hex(const std::array<unsigned char, Size>& bytes) {
  std::array<char, 2 * Size + 1> text;
  sodium_bin2hex(text.data(), text.size(), bytes.data(), bytes.size());
  return {text.data(), 2 * Size};
}

const unsigned char* data_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::span<const std::string_view> event_types() {
  return kNames;
}

std::string_view to_string(EventType type) {
  return kNames[static_cast<std::size_t>(type)];
}

Result<EventType> parse_event_type(std::string_view name) {
  const auto found = std::ranges::find(kNames, name);
  if (found != kNames.end()) return EventType(found - kNames.begin());
  std::string allowed = "one of ";
  for (const std::string_view known : kNames) {
    allowed.append(known == kNames.front() ? "" : ", ").append(known);
  }
  return invalid("events", name, allowed);
}

std::string random_id(std::string_view prefix) {
  require_sodium();
  std::array<unsigned char, 8> bytes;
  randombytes_buf(bytes.data(), bytes.size());
  return std::string(prefix) + hex(bytes);
}

std::string encode_event(std::string_view id, EventType type, WallTime time,
                         std::string_view data) {
  std::string body = "{\"event_id\":\"";
  body.append(id).append("\",\"event_type\":\"").append(to_string(type));
  body.append("\",\"timestamp\":\"").append(to_rfc3339(time));
  body.append("\",\"data\":").append(data).append("}");
  return body;
}

std::string sign(std::string_view secret, std::string_view body) {
  require_sodium();
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, data_of(secret), secret.size());
  crypto_auth_hmacsha256_update(&state, data_of(body), body.size());
  std::array<unsigned char, crypto_auth_hmacsha256_BYTES> digest;
  crypto_auth_hmacsha256_final(&state, digest.data());
  return "sha256=" + hex(digest);
}

}  // namespace ara::webhooks
