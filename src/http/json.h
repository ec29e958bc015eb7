#pragma once

#include <yyjson.h>

#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/format.h"

namespace ara::http {

class JsonArray;

/// A JSON object being written; a thin veil over yyjson's mutable document, which copies all it is
/// given. Texts must be UTF-8.
class JsonObject {
 public:
  JsonObject(yyjson_mut_doc* doc, yyjson_mut_val* value) : doc_(doc), value_(value) {}

  JsonObject& text(std::string_view name, std::string_view value) { return add(name, copy(value)); }
  JsonObject& integer(std::string_view name, std::int64_t value) {
    return add(name, yyjson_mut_sint(doc_, value));
  }
  /// At 10 significant digits; null where it is not finite.
  JsonObject& number(std::string_view name, double value) {
    return std::isfinite(value) ? raw(name, ara::format("{:.10g}", value)) : null(name);
  }
  /// In as few digits as give back every bit.
  JsonObject& exact(std::string_view name, double value) {
    return std::isfinite(value) ? raw(name, ara::format("{}", value)) : null(name);
  }
  JsonObject& boolean(std::string_view name, bool value) {
    return add(name, yyjson_mut_bool(doc_, value));
  }
  JsonObject& null(std::string_view name) { return add(name, yyjson_mut_null(doc_)); }
  /// `json` is written as it is.
  JsonObject& raw(std::string_view name, std::string_view json) {
    return add(name, yyjson_mut_rawncpy(doc_, json.data(), json.size()));
  }
  JsonObject object(std::string_view name) {
    yyjson_mut_val* child = yyjson_mut_obj(doc_);
    add(name, child);
    return {doc_, child};
  }
  JsonArray array(std::string_view name);

 private:
  yyjson_mut_val* copy(std::string_view text) {
    return yyjson_mut_strncpy(doc_, text.data(), text.size());
  }
  JsonObject& add(std::string_view name, yyjson_mut_val* value) {
    yyjson_mut_obj_add(value_, copy(name), value);
    return *this;
  }

  yyjson_mut_doc* doc_;
  yyjson_mut_val* value_;
};

class JsonArray {
 public:
  JsonArray(yyjson_mut_doc* doc, yyjson_mut_val* value) : doc_(doc), value_(value) {}

  JsonArray& text(std::string_view value) {
    yyjson_mut_arr_add_strncpy(doc_, value_, value.data(), value.size());
    return *this;
  }
  JsonArray& integer(std::int64_t value) {
    yyjson_mut_arr_add_sint(doc_, value_, value);
    return *this;
  }
  /// As JsonObject::number.
  JsonArray& number(double value) {
    if (!std::isfinite(value)) {
      yyjson_mut_arr_add_null(doc_, value_);
      return *this;
    }
    return raw(ara::format("{:.10g}", value));
  }
  JsonArray& raw(std::string_view json) {
    yyjson_mut_arr_append(value_, yyjson_mut_rawncpy(doc_, json.data(), json.size()));
    return *this;
  }
  JsonObject object() { return {doc_, yyjson_mut_arr_add_obj(doc_, value_)}; }
  JsonArray array() { return {doc_, yyjson_mut_arr_add_arr(doc_, value_)}; }

 private:
  yyjson_mut_doc* doc_;
  yyjson_mut_val* value_;
};

inline JsonArray JsonObject::array(std::string_view name) {
  yyjson_mut_val* child = yyjson_mut_arr(doc_);
  add(name, child);
  return {doc_, child};
}

/// A document whose top is an object.
class JsonDocument {
 public:
  JsonDocument() : doc_(yyjson_mut_doc_new(nullptr), &yyjson_mut_doc_free) {
    yyjson_mut_doc_set_root(doc_.get(), yyjson_mut_obj(doc_.get()));
  }

  JsonObject top() { return {doc_.get(), yyjson_mut_doc_get_root(doc_.get())}; }

  std::string write() const;

 private:
  std::unique_ptr<yyjson_mut_doc, decltype(&yyjson_mut_doc_free)> doc_;
};

}  // namespace ara::http
