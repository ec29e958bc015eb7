#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ara::domain {

/// The name of a traded series, e.g. AAPL, BTC-USD, ^GSPC, EURUSD=X. Valid once made.
class Symbol {
 public:
  static constexpr std::size_t kMaxLength = 32;

  /// Letters (made upper case), digits and . - = ^ _ up to 32 of them, the first not '-' or '.';
  /// otherwise Code::invalid on field "symbol".
  static Result<Symbol> parse(std::string_view text);

  const std::string& text() const { return text_; }

  friend auto operator<=>(const Symbol&, const Symbol&) = default;

 private:
  explicit Symbol(std::string text) : text_(std::move(text)) {}

  std::string text_;
};

}  // namespace ara::domain

template <>
struct std::hash<ara::domain::Symbol> {
  std::size_t operator()(const ara::domain::Symbol& symbol) const noexcept {
    return std::hash<std::string>{}(symbol.text());
  }
};
