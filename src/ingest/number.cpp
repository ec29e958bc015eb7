#include "ingest/number.h"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>

#include "base/text.h"

namespace ara::ingest {
namespace {

bool means_empty(std::string_view cell) {
  constexpr std::array<std::string_view, 9> kEmpty{"",     "-",   ".",  "null", "nan",
                                                   "none", "n/a", "na", "#n/a"};
  if (cell.size() > 4) return false;
  const std::string lower = to_lower(cell);
  for (std::string_view word : kEmpty) {
    if (lower == word) return true;
  }
  return false;
}

/// Without its thousands separators and with a decimal point; nothing if the groups are not of
/// three digits, so that a mangled 14.748.800 or 1,2,3 is no number.
std::optional<std::string> plain_decimal(std::string_view text, NumberStyle style) {
  const char thousands = style.decimal_comma ? '.' : ',';
  const char point = style.decimal_comma ? ',' : '.';
  std::string plain;
  std::size_t i = 0;
  if (i < text.size() && (text[i] == '-' || text[i] == '+')) {
    if (text[i] == '-') plain += '-';
    ++i;
  }
  std::size_t group = 0;
  bool grouped = false;
  for (; i < text.size() && text[i] != point; ++i) {
    if (text[i] == thousands) {
      if (grouped ? group != 3 : (group == 0 || group > 3)) return std::nullopt;
      grouped = true;
      group = 0;
    } else if (is_digit(text[i])) {
      plain += text[i];
      ++group;
    } else {
      return std::nullopt;
    }
  }
  if (grouped && group != 3) return std::nullopt;
  if (i < text.size()) {
    plain += '.';
    plain += text.substr(i + 1);
  }
  return plain;
}

double multiplier(std::string_view& text) {
  if (text.size() < 2 || !is_digit(text[text.size() - 2])) return 1;
  double factor = 1;
  switch (text.back()) {
    case 'K':
    case 'k':
      factor = 1e3;
      break;
    case 'M':
    case 'm':
      factor = 1e6;
      break;
    case 'B':
    case 'b':
      factor = 1e9;
      break;
    default:
      return 1;
  }
  text.remove_suffix(1);
  return factor;
}

Number read_decorated(std::string_view cell, NumberStyle style) {
  cell = trim(cell);
  if (means_empty(cell)) return {};
  if (cell.starts_with('$')) cell.remove_prefix(1);
  const double factor = multiplier(cell);
  const auto plain = plain_decimal(cell, style);
  const auto value = plain ? parse_double(*plain) : std::nullopt;
  if (!value || !std::isfinite(*value * factor)) return {Number::State::bad, 0};
  return {Number::State::value, *value * factor};
}

}  // namespace

Number read_number(std::string_view cell, NumberStyle style) {
  if (cell.empty()) return {};
  double value = 0;
  const auto [stop, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  const bool whole = error == std::errc{} && stop == cell.data() + cell.size();
  // "1.234" means another number where the comma is the decimal sign.
  if (whole && std::isfinite(value) &&
      (!style.decimal_comma || cell.find('.') == std::string_view::npos)) {
    return {Number::State::value, value};
  }
  return read_decorated(cell, style);
}

bool shows_decimal_comma(std::string_view cell) {
  cell = trim(cell);
  const auto comma = cell.rfind(',');
  if (comma == std::string_view::npos || cell.find(',') != comma) return false;
  for (std::size_t i = 0; i < cell.size(); ++i) {
    const bool sign = i == 0 && (cell[i] == '-' || cell[i] == '+');
    if (!is_digit(cell[i]) && cell[i] != '.' && i != comma && !sign) return false;
  }
  const auto point = cell.rfind('.');
  if (point != std::string_view::npos) return point < comma;
  return cell.size() - comma - 1 != 3;
}

}  // namespace ara::ingest
