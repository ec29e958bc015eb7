#include "streams/frame.h"

#include <gtest/gtest.h>

#include "base/rng.h"
#include "unit/streams/client.h"

namespace ara::streams {
namespace {

constexpr std::size_t kLimit = 1000;

/// All messages of `bytes` fed `step` at a time, until one is wrong.
std::pair<std::vector<WireMessage>, std::optional<CloseReason>> read(std::string_view bytes,
                                                                     std::size_t step) {
  FrameReader reader(kLimit);
  std::vector<WireMessage> messages;
  while (!bytes.empty()) {
    reader.feed(bytes.substr(0, step));
    bytes.remove_prefix(std::min(step, bytes.size()));
    for (;;) {
      auto message = reader.next();
      if (!message) return {messages, message.error()};
      if (!*message) break;
      messages.push_back(std::move(**message));
    }
  }
  return {messages, std::nullopt};
}

CloseCode refused(std::string_view bytes) {
  const auto [messages, reason] = read(bytes, bytes.size());
  EXPECT_TRUE(reason) << "it was taken";
  return reason ? reason->code : CloseCode::normal;
}

TEST(Frame, OfAllLengthsAndInAnyPieces) {
  for (const std::size_t length : {0, 1, 125, 126, 127, 999, 1000}) {
    const std::string text(length, 'x');
    const std::string bytes = masked(Opcode::text, text) + masked(Opcode::binary, text);
    for (const std::size_t step : {std::size_t{1}, std::size_t{3}, bytes.size()}) {
      const auto [messages, reason] = read(bytes, step);
      ASSERT_FALSE(reason);
      ASSERT_EQ(messages.size(), 2U);
      EXPECT_EQ(messages[0].payload, text);
      EXPECT_EQ(messages[0].opcode, Opcode::text);
      EXPECT_EQ(messages[1].opcode, Opcode::binary);
    }
  }
}

TEST(Frame, AMessageInPartsWithAPingBetween) {
  const std::string bytes = masked(Opcode::text, "\xc3", false) + masked(Opcode::ping, "now") +
                            masked(Opcode::continuation, "", false) +
                            masked(Opcode::continuation, "\xbc!") + masked(Opcode::pong, "");
  for (const std::size_t step : {std::size_t{1}, bytes.size()}) {
    const auto [messages, reason] = read(bytes, step);
    ASSERT_FALSE(reason);
    ASSERT_EQ(messages.size(), 3U);
    EXPECT_EQ(messages[0].payload, "now");
    EXPECT_EQ(messages[1].payload, "\xc3\xbc!");
    EXPECT_EQ(messages[2].opcode, Opcode::pong);
  }
}

TEST(Frame, WhatBreaksTheProtocolIsRefused) {
  EXPECT_EQ(refused(encode_frame(Opcode::text, "bare")), CloseCode::protocol_error);
  std::string reserved = masked(Opcode::text, "a");
  reserved[0] = char(reserved[0] | 0x40);
  EXPECT_EQ(refused(reserved), CloseCode::protocol_error);
  EXPECT_EQ(refused(masked(Opcode(3), "a")), CloseCode::protocol_error);
  EXPECT_EQ(refused(masked(Opcode(11), "a")), CloseCode::protocol_error);
  EXPECT_EQ(refused(masked(Opcode::ping, "a", false)), CloseCode::protocol_error);
  EXPECT_EQ(refused(masked(Opcode::ping, std::string(126, 'a'))), CloseCode::protocol_error);
  EXPECT_EQ(refused(masked(Opcode::continuation, "a")), CloseCode::protocol_error);
  EXPECT_EQ(refused(masked(Opcode::text, "a", false) + masked(Opcode::text, "b")),
            CloseCode::protocol_error);
  EXPECT_EQ(refused(masked(Opcode::text, "\xff")), CloseCode::bad_text);
  EXPECT_EQ(refused(masked(Opcode::text, "\xed\xa0\x80")), CloseCode::bad_text);
}

TEST(Frame, WhatIsTooLongIsRefusedByItsHeader) {
  EXPECT_EQ(refused(masked(Opcode::text, std::string(1001, 'x')).substr(0, 8)), CloseCode::too_big);
  std::string parts = masked(Opcode::text, std::string(600, 'x'), false);
  parts += masked(Opcode::continuation, std::string(401, 'x'));
  EXPECT_EQ(refused(parts), CloseCode::too_big);
  // A length of all ones, which must not wrap around.
  EXPECT_EQ(refused(std::string("\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff", 10)),
            CloseCode::too_big);
  EXPECT_EQ(refused(std::string("\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff", 10)),
            CloseCode::protocol_error);
}

TEST(Frame, WhatIsWrittenIsRfc6455) {
  EXPECT_EQ(encode_frame(Opcode::text, "Hello"), "\x81\x05Hello");
  EXPECT_EQ(encode_frame(Opcode::binary, std::string(256, 'a')).substr(0, 4),
            std::string("\x82\x7e\x01\x00", 4));
  EXPECT_EQ(encode_frame(Opcode::binary, std::string(65536, 'a')).substr(0, 10),
            std::string("\x82\x7f\0\0\0\0\0\x01\0\0", 10));
  EXPECT_EQ(encode_close({CloseCode::going_away, "bye"}), std::string("\x88\x05\x03\xe9") + "bye");
  // Section 5.7's masked "Hello".
  const auto [messages, reason] = read("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", 11);
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].payload, "Hello");
}

}  // namespace
}  // namespace ara::streams
