#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/routes.h"

namespace ara::http {

/// `text` with %XX decoded ('+' too, as a space, in a query); nothing where an escape is broken.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);

/// The values of a route's query parameters, decoded, in the order in which the route lists its
/// parameters. Views into the query string, or into memory of its own where it had to be decoded.
class Query {
 public:
  /// Code::invalid, naming the parameter, where one is unknown, given twice or badly encoded.
  static Result<Query> parse(std::string_view text, const Route& route);

  /// The value of a parameter of the route by its name; nothing if it was not given.
  std::optional<std::string_view> find(std::string_view name) const;

 private:
  explicit Query(const Route& route) : route_(&route) {}
  Result<void> add(std::string_view name, std::string_view value);

  const Route* route_;
  std::array<std::optional<std::string_view>, Route::kMaxParameters> values_;
  std::unique_ptr<std::string[]> decoded_;  // made when the first value needs decoding
};

}  // namespace ara::http
