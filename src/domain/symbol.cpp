#include "domain/symbol.h"

#include "base/text.h"

namespace ara::domain {
namespace {

bool allowed(char c, bool first) {
  if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '^' || c == '_' || c == '=') {
    return true;
  }
  return !first && (c == '-' || c == '.');
}

}  // namespace

Result<Symbol> Symbol::parse(std::string_view text) {
  constexpr std::string_view kAllowed =
      "1 to 32 letters, digits or . - = ^ _, as in AAPL or BTC-USD";
  if (text.empty() || text.size() > kMaxLength) return invalid("symbol", text, kAllowed);
  std::string upper = to_upper(text);
  for (std::size_t i = 0; i < upper.size(); ++i) {
    if (!allowed(upper[i], i == 0)) return invalid("symbol", text, kAllowed);
  }
  return Symbol(std::move(upper));
}

}  // namespace ara::domain
