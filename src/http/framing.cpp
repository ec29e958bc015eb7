#include "http/framing.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace ara::http {
namespace {

/// tchar of RFC 9110, section 5.6.2, without capital letters.
constexpr std::array<bool, 256> kTokens = [] {
  std::array<bool, 256> table{};
  for (unsigned char c : std::string_view("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")) {
    table[c] = true;
  }
  return table;
}();

bool in_token(char c) {
  return kTokens[static_cast<unsigned char>(c)];
}

bool may_split(char c) {
  return c == '\r' || c == '\n' || c == '\0';
}

}  // namespace

std::string_view header_fault(std::string_view name, std::string_view value) {
  if (name.empty() || !std::ranges::all_of(name, in_token)) return "has a name that is no token";
  if (std::ranges::any_of(value, may_split)) return "has a value with a control character";
  if (name == "content-length" && (value.empty() || !std::ranges::all_of(value, is_digit))) {
    return "is no decimal number";
  }
  return {};
}

}  // namespace ara::http
