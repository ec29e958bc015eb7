#pragma once

#include <yyjson.h>

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ara::jobs {

/// A job's payload being read: one JSON object, each member by its name. The first fault is kept,
/// and reading goes on with defaults; check() tells of it, and of members that nobody asked for.
class Payload {
 public:
  /// Code::invalid on field "payload" for what is no JSON object.
  static Result<Payload> parse(std::string_view json);

  bool has(std::string_view name);
  std::string text(std::string_view name, std::string_view fallback = {});
  std::vector<std::string> texts(std::string_view name);
  std::int64_t integer(std::string_view name, std::int64_t fallback, std::int64_t least,
                       std::int64_t most);
  double number(std::string_view name, double fallback);
  bool flag(std::string_view name, bool fallback);

  /// Keeps the error of what a text was taken for; the value, or `fallback`.
  template <class T>
  T take(Result<T> result, T fallback) {
    if (result) return std::move(*result);
    note(std::move(result.error()));
    return fallback;
  }
  void note(Error error);
  Result<void> check();

 private:
  explicit Payload(yyjson_doc* doc) : doc_(doc, &yyjson_doc_free) {}
  yyjson_val* get(std::string_view name);
  void wrong(std::string_view name, yyjson_val* value, std::string_view allowed);

  std::unique_ptr<yyjson_doc, decltype(&yyjson_doc_free)> doc_;
  std::set<std::string, std::less<>> asked_;
  Result<void> fault_;
};

/// `text` as a JSON string.
std::string json_text(std::string_view text);
/// `texts` as a JSON array of strings.
std::string json_texts(const std::vector<std::string>& texts);
/// The items, JSON already, as an array.
std::string json_array(const std::vector<std::string>& items);

}  // namespace ara::jobs
