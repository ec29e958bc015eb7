#include "http/query.h"

#include <vector>

#include "base/text.h"

namespace ara::http {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// What an error calls a parameter; one without a name is an error of the whole.
std::string field_of(std::string_view name) {
  return name.empty() ? std::string("query") : printable(name);
}

std::unexpected<Error> unknown_parameter(std::string_view name, std::string_view value,
                                         const Route& route) {
  std::vector<std::string> known;
  std::string allowed;
  for (const Parameter& parameter : route.parameters) {
    if (parameter.in != In::query) continue;
    known.emplace_back(parameter.name);
    allowed += (allowed.empty() ? "one of the parameters " : ", ") + known.back();
  }
  const auto near = nearest(to_lower(name), known, 1);
  if (!near.empty()) allowed += "; did you mean " + near.front() + "?";
  return invalid(field_of(name), value, allowed);
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_digit(text[i + 1]);
      const int low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

Result<Query> Query::parse(std::string_view text, const Route& route) {
  Query query(route);
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    const std::string_view name = pair.substr(0, equals);
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1);
    if (auto added = query.add(name, value); !added) {
      return std::unexpected(std::move(added.error()));
    }
  }
  return query;
}

Result<void> Query::add(std::string_view name, std::string_view value) {
  const auto plain_name = percent_decode(name, true);
  const auto plain_value = percent_decode(value, true);
  if (!plain_name || !plain_value) {
    return invalid(field_of(name), value, "percent-encoding of two hexadecimal digits each");
  }
  for (std::size_t i = 0; i < route_->parameters.size(); ++i) {
    const Parameter& parameter = route_->parameters[i];
    if (parameter.in != In::query || !is_called(parameter, *plain_name)) continue;
    if (values_[i]) return invalid(parameter.name, *plain_value, "the parameter once");
    if (*plain_value == value) {
      values_[i] = value;
      return {};
    }
    if (!decoded_) decoded_ = std::make_unique<std::string[]>(Route::kMaxParameters);
    decoded_[i] = std::move(*plain_value);
    values_[i] = decoded_[i];
    return {};
  }
  return unknown_parameter(*plain_name, *plain_value, *route_);
}

std::optional<std::string_view> Query::find(std::string_view name) const {
  for (std::size_t i = 0; i < route_->parameters.size(); ++i) {
    if (route_->parameters[i].in == In::query && route_->parameters[i].name == name) {
      return values_[i];
    }
  }
  return std::nullopt;
}

}  // namespace ara::http
