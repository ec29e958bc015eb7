#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace ara::webhooks {

/// What can be told to a webhook; event.cpp holds the one table of names.
enum class EventType {
  prediction_complete,
  model_trained,
  model_deployed,
  backtest_complete,
  alert_triggered,
  data_quality_issue,
  system_error,
};

/// The names, in the order of the enumeration.
std::span<const std::string_view> event_types();
std::string_view to_string(EventType type);
/// By name; the error lists the names.
Result<EventType> parse_event_type(std::string_view name);

/// `prefix` and 16 random hexadecimal digits, e.g. "wh_6f1c…".
std::string random_id(std::string_view prefix);

/// What is sent: {"event_id", "event_type", "timestamp", "data"}. `data` is JSON, and is written as
/// it is.
std::string encode_event(std::string_view id, EventType type, WallTime time, std::string_view data);

/// The value of X-Webhook-Signature: "sha256=" and HMAC-SHA256 (RFC 2104) of exactly the body, in
/// hexadecimal digits.
std::string sign(std::string_view secret, std::string_view body);

}  // namespace ara::webhooks
