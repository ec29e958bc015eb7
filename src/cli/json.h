#pragma once

#include <yyjson.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ara::cli {

/// A yyjson document under construction; every string is copied into it.
class Json {
 public:
  Json() : doc_(yyjson_mut_doc_new(nullptr), &yyjson_mut_doc_free) {}

  yyjson_mut_val* object() { return yyjson_mut_obj(doc_.get()); }
  yyjson_mut_val* array() { return yyjson_mut_arr(doc_.get()); }
  yyjson_mut_val* text(std::string_view value) {
    // Paths and rows of a broken file need not be UTF-8; JSON is.
    const std::string safe = printable(value, value.size() * 4 + 1);
    return yyjson_mut_strncpy(doc_.get(), safe.data(), safe.size());
  }
  yyjson_mut_val* number(std::uint64_t value) { return yyjson_mut_uint(doc_.get(), value); }
  /// Null where it is not finite, which JSON has no word for.
  yyjson_mut_val* real(double value) {
    return std::isfinite(value) ? yyjson_mut_real(doc_.get(), value) : null();
  }
  yyjson_mut_val* boolean(bool value) { return yyjson_mut_bool(doc_.get(), value); }
  yyjson_mut_val* null() { return yyjson_mut_null(doc_.get()); }
  void put(yyjson_mut_val* object, std::string_view key, yyjson_mut_val* value) {
    yyjson_mut_obj_add(object, yyjson_mut_strncpy(doc_.get(), key.data(), key.size()), value);
  }
  void append(yyjson_mut_val* array, yyjson_mut_val* value) { yyjson_mut_arr_append(array, value); }
  std::string write(yyjson_mut_val* root) {
    yyjson_mut_doc_set_root(doc_.get(), root);
    std::size_t size = 0;
    const std::unique_ptr<char, decltype(&std::free)> out(yyjson_mut_write(doc_.get(), 0, &size),
                                                          &std::free);
    return out ? std::string(out.get(), size) : std::string();
  }

 private:
  std::unique_ptr<yyjson_mut_doc, decltype(&yyjson_mut_doc_free)> doc_;
};

}  // namespace ara::cli
