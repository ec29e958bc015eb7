#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>

#include "http/input.h"

namespace ara::http {

/// Reads JSON by the rows of a route, checking types, ranges and choices as it goes.
class JsonReader {
 public:
  static constexpr std::size_t kMaxDepth = 16;

  /// A whole body, which must be an object.
  Result<void> read_body(std::string_view body, Input& into);
  /// A text as it comes in a path or query, by the type of its row.
  static Result<Input::Value> from_text(const Parameter& row, std::string_view text);
  /// A default value.
  static Input::Value from_default(const Parameter& row);

 private:
  using Element = simdjson::dom::element;

  static Result<void> read_object(simdjson::dom::object object, Input& into);
  static Result<Input::Value> value(const Parameter& row, const std::string& name, Element element);
  static Result<Input::Value> scalar(const Parameter& row, std::string_view type,
                                     const std::string& name, Element element);
  static Result<Input::Value> array(const Parameter& row, const std::string& name, Element element);
  static Result<Input::Value> object(const Parameter& row, const std::string& name,
                                     Element element);

  simdjson::dom::parser parser_;
};

/// What a row allows, for an error: "an integer from 1 to 30", "one of a, b".
std::string allowed_by(const Parameter& row);

}  // namespace ara::http
