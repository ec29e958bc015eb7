#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ara::http {

/// The name of one request in answers and logs. Held in place, so that the fast lane need not
/// allocate for it.
class RequestId {
 public:
  static constexpr std::size_t kMaxLength = 128;

  /// Empty.
  RequestId() = default;
  /// 128 random bits as 32 hexadecimal digits; unique in practice, no secret.
  static RequestId make();
  /// What a client gave, if it is 1 to kMaxLength graphic ASCII characters (so that it can stand in
  /// a header and a log line as it is); else nothing.
  static std::optional<RequestId> accept(std::string_view given);

  std::string_view text() const { return {text_.data(), size_}; }

 private:
  std::uint8_t size_ = 0;
  std::array<char, kMaxLength> text_;  // only the first size_ are set
};

/// Writes 16 hexadecimal digits.
void write_hex(std::uint64_t number, char* out);

}  // namespace ara::http
