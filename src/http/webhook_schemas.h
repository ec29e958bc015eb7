#pragma once

#include <string_view>

/// What webhooks.cpp answers with, as JSON Schema.
namespace ara::http {

inline constexpr std::string_view kWebhook = R"json({
  "type": "object",
  "required": ["id", "url", "events", "description", "active", "signed", "created_at", "updated_at", "user_id", "delivery_count", "success_count", "failure_count", "last_delivery_at", "last_delivery_status"],
  "properties": {
    "id": {"type": "string", "pattern": "^wh_[0-9a-f]{16}$"},
    "url": {"type": "string", "format": "uri"},
    "events": {"type": "array", "items": {"type": "string"}, "minItems": 1},
    "description": {"type": "string"},
    "active": {"type": "boolean"},
    "signed": {"type": "boolean", "description": "Whether it has a secret, which is never shown"},
    "created_at": {"type": "string", "format": "date-time"},
    "updated_at": {"type": "string", "format": "date-time"},
    "user_id": {"type": "string"},
    "delivery_count": {"type": "integer", "minimum": 0, "description": "Deliveries that have ended"},
    "success_count": {"type": "integer", "minimum": 0},
    "failure_count": {"type": "integer", "minimum": 0},
    "last_delivery_at": {"type": ["string", "null"], "format": "date-time"},
    "last_delivery_status": {"type": ["string", "null"], "enum": ["success", "failed", null]}
  }
})json";

inline constexpr std::string_view kWebhooks = R"json({
  "type": "object",
  "required": ["webhooks", "total", "page", "page_size"],
  "properties": {
    "webhooks": {"type": "array", "items": {"$ref": "#/components/schemas/Webhook"}},
    "total": {"type": "integer", "minimum": 0},
    "page": {"type": "integer", "minimum": 1},
    "page_size": {"type": "integer", "minimum": 1}
  }
})json";

inline constexpr std::string_view kDelivery = R"json({
  "type": "object",
  "required": ["delivery_id", "webhook_id", "event_id", "event_type", "status", "attempt", "max_attempts", "response_code", "response_body", "error_message", "created_at", "delivered_at", "next_retry_at"],
  "properties": {
    "delivery_id": {"type": "string"},
    "webhook_id": {"type": "string"},
    "event_id": {"type": "string"},
    "event_type": {"type": "string"},
    "status": {"type": "string", "enum": ["pending", "retrying", "success", "failed"]},
    "attempt": {"type": "integer", "minimum": 0},
    "max_attempts": {"type": "integer", "minimum": 1},
    "response_code": {"type": ["integer", "null"]},
    "response_body": {"type": ["string", "null"], "description": "Its beginning"},
    "error_message": {"type": ["string", "null"]},
    "created_at": {"type": "string", "format": "date-time"},
    "delivered_at": {"type": ["string", "null"], "format": "date-time"},
    "next_retry_at": {"type": ["string", "null"], "format": "date-time"}
  }
})json";

inline constexpr std::string_view kDeliveries = R"json({
  "type": "object",
  "required": ["deliveries", "total", "page", "page_size"],
  "properties": {
    "deliveries": {"type": "array", "items": {"$ref": "#/components/schemas/Delivery"}},
    "total": {"type": "integer", "minimum": 0},
    "page": {"type": "integer", "minimum": 1},
    "page_size": {"type": "integer", "minimum": 1}
  }
})json";

}  // namespace ara::http
