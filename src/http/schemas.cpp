#include <vector>

#include "http/resources.h"

namespace ara::http {
namespace {

constexpr std::string_view kProblem = R"json({
  "type": "object",
  "description": "RFC 9457, and the original's error, message, request_id and timestamp",
  "required": ["type", "title", "status", "detail", "instance", "error", "message", "request_id",
               "timestamp"],
  "properties": {
    "type": {"type": "string", "format": "uri-reference"},
    "title": {"type": "string"},
    "status": {"type": "integer", "minimum": 400, "maximum": 599},
    "detail": {"type": "string"},
    "instance": {"type": "string", "format": "uri-reference"},
    "error": {"type": "string"},
    "message": {"type": "string"},
    "request_id": {"type": "string"},
    "timestamp": {"type": "string", "format": "date-time"},
    "details": {"type": "object", "description": "Of a 429: retry_after in seconds and the tier"},
    "field": {"type": "string", "description": "The input that is wrong"},
    "value": {"type": "string", "description": "What was given, shortened"},
    "allowed": {"type": "string", "description": "What would be accepted"}
  }
})json";

std::vector<Schema> make_schemas() {
  std::vector<Schema> all;
  for (const Resource& resource : resources()) {
    all.insert(all.end(), resource.schemas.begin(), resource.schemas.end());
  }
  all.push_back({"Problem", kProblem});
  return all;
}

}  // namespace

std::span<const Schema> schemas() {
  static const std::vector<Schema> table = make_schemas();
  return table;
}

}  // namespace ara::http
