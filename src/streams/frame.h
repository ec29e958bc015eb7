#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace ara::streams {

/// The frames of a WebSocket (RFC 6455), read and written by ourselves: the server library's reader
/// can be made to throw by one frame, and keeps without bound what a slow client does not take.

enum class Opcode : std::uint8_t {
  continuation = 0,
  text = 1,
  binary = 2,
  close = 8,
  ping = 9,
  pong = 10,
};

/// Why a connection ends (RFC 6455, section 7.4, and the registry it founded).
enum class CloseCode : std::uint16_t {
  normal = 1000,
  going_away = 1001,
  protocol_error = 1002,
  unacceptable = 1003,
  bad_text = 1007,
  policy = 1008,
  too_big = 1009,
  try_later = 1013,
};

struct CloseReason {
  CloseCode code = CloseCode::normal;
  std::string_view text;  ///< a literal, at most 123 bytes

  friend bool operator==(const CloseReason&, const CloseReason&) = default;
};

/// A whole message, or a control frame.
struct WireMessage {
  Opcode opcode = Opcode::text;
  std::string payload;
};

/// Takes bytes as they come and gives messages. Holds at most one message of `limit` bytes and what
/// was fed last; nothing while idle.
class FrameReader {
 public:
  explicit FrameReader(std::size_t limit) : limit_(limit) {}

  void feed(std::string_view bytes) { buffer_ += bytes; }
  /// The next message, nothing until more bytes come, or why the connection must end.
  std::expected<std::optional<WireMessage>, CloseReason> next();

 private:
  struct Header;
  std::expected<std::optional<Header>, CloseReason> header() const;

  const std::size_t limit_;
  std::string buffer_;
  std::optional<WireMessage> parts_;  ///< of a message in several frames
};

/// A frame as a server sends it: whole, not masked.
std::string encode_frame(Opcode opcode, std::string_view payload);
std::string encode_close(const CloseReason& reason);

}  // namespace ara::streams
