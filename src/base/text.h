#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ara {

/// The whole of `text` as a number, or nothing: no spaces, no trailing characters, no "inf", "nan".
std::optional<double> parse_double(std::string_view text);
std::optional<long long> parse_integer(std::string_view text);

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// ASCII only: bytes above 127 are left as they are.
std::string to_upper(std::string_view text);
std::string to_lower(std::string_view text);

/// Bytes of the valid UTF-8 sequence (RFC 3629) that `text`, not empty, starts with; 0 if it does
/// not start with one.
std::size_t utf8_length(std::string_view text);

/// Without spaces, tabs and line ends at either side.
std::string_view trim(std::string_view text);

/// Levenshtein distance, insertions, deletions and substitutions costing one each.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// Up to `most` of `candidates` within an edit distance of max(1, length / 3), or starting with
/// `word`; nearest first, ties in alphabetical order.
std::vector<std::string> nearest(std::string_view word, std::span<const std::string> candidates,
                                 std::size_t most = 3);

/// With all but letters, digits and - . _ ~ as %XX (RFC 3986, section 2).
std::string percent_encode(std::string_view text);

}  // namespace ara
