#include "streams/frame.h"

#include <array>
#include <utility>

#include "base/text.h"

namespace ara::streams {
namespace {

constexpr std::size_t kMask = 4;
constexpr std::size_t kMostOfControl = 125;

unsigned byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

bool is_control(Opcode opcode) {
  return static_cast<unsigned>(opcode) >= 8;
}

bool known(unsigned opcode) {
  return opcode <= 2 || (opcode >= 8 && opcode <= 10);
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::unexpected<CloseReason> broken(std::string_view why) {
  return std::unexpected(CloseReason{CloseCode::protocol_error, why});
}

}  // namespace

struct FrameReader::Header {
  bool last = false;
  Opcode opcode = Opcode::text;
  std::size_t size = 0;  ///< of the header, mask included
  std::uint64_t length = 0;
};

std::expected<std::optional<FrameReader::Header>, CloseReason> FrameReader::header() const {
  if (buffer_.size() < 2) return std::nullopt;
  const unsigned first = byte_at(buffer_, 0), second = byte_at(buffer_, 1);
  if ((first & 0x70) != 0) return broken("reserved bits are set");
  if (!known(first & 0x0f)) return broken("an unknown kind of frame");
  if ((second & 0x80) == 0) return broken("a client must mask its frames");
  Header header{(first & 0x80) != 0, Opcode(first & 0x0f), 2 + kMask, second & 0x7f};
  if (is_control(header.opcode)) {
    if (!header.last) return broken("a control frame in parts");
    if (header.length > kMostOfControl) return broken("a control frame that is too long");
    return header;
  }
  if (header.length < 126) return header;
  const std::size_t digits = header.length == 126 ? 2 : 8;
  if (buffer_.size() < 2 + digits) return std::nullopt;
  header.length = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    header.length = header.length << 8 | byte_at(buffer_, 2 + i);
  }
  header.size += digits;
  return header;
}

std::expected<std::optional<WireMessage>, CloseReason> FrameReader::next() {
  for (;;) {
    const auto found = header();
    if (!found) return std::unexpected(found.error());
    if (!*found) return std::nullopt;
    const Header& frame = **found;
    const bool control = is_control(frame.opcode);
    if (!control && (frame.opcode == Opcode::continuation) != parts_.has_value()) {
      return broken(parts_ ? "a message within another" : "a continuation of nothing");
    }
    const std::size_t before = parts_ && !control ? parts_->payload.size() : 0;
    if (!control && frame.length > limit_ - before) {
      return std::unexpected(CloseReason{CloseCode::too_big, "the message is too long"});
    }
    const auto length = static_cast<std::size_t>(frame.length);
    if (buffer_.size() < frame.size + length) return std::nullopt;
    const std::string_view mask = std::string_view(buffer_).substr(frame.size - kMask, kMask);
    std::string payload(buffer_, frame.size, length);
    for (std::size_t i = 0; i < length; ++i) payload[i] = char(payload[i] ^ mask[i % kMask]);
    buffer_.erase(0, frame.size + length);
    if (buffer_.empty()) std::string().swap(buffer_);
    if (control) return WireMessage{frame.opcode, std::move(payload)};
    if (!parts_) parts_.emplace(frame.opcode);
    parts_->payload += payload;
    if (!frame.last) continue;
    WireMessage whole = std::move(*parts_);
    parts_.reset();
    if (whole.opcode == Opcode::text && !is_utf8(whole.payload)) {
      return std::unexpected(CloseReason{CloseCode::bad_text, "the text is not UTF-8"});
    }
    return whole;
  }
}

std::string encode_frame(Opcode opcode, std::string_view payload) {
  std::string frame;
  frame.reserve(payload.size() + 10);
  frame += char(0x80 | static_cast<unsigned>(opcode));
  const std::size_t size = payload.size();
  const std::size_t digits = size < 126 ? 0 : size < 65536 ? 2 : 8;
  frame += char(digits == 0 ? size : digits == 2 ? 126 : 127);
  for (std::size_t i = digits; i-- > 0;) frame += char(size >> (8 * i) & 0xff);
  frame += payload;
  return frame;
}

std::string encode_close(const CloseReason& reason) {
  const auto code = static_cast<unsigned>(reason.code);
  std::string payload{char(code >> 8), char(code & 0xff)};
  payload += reason.text;
  return encode_frame(Opcode::close, payload);
}

}  // namespace ara::streams
