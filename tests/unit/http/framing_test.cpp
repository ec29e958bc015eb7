#include "http/framing.h"

#include <gtest/gtest.h>

namespace ara::http {
namespace {

TEST(Framing, HonestHeadersPass) {
  EXPECT_EQ(header_fault("content-length", "0"), "");
  EXPECT_EQ(header_fault("content-length", "18446744073709551615"), "");
  EXPECT_EQ(header_fault("x-anything", "a: b, \"c\"\t\xC3\xA9"), "");
  EXPECT_EQ(header_fault("x-empty", ""), "");
  EXPECT_EQ(header_fault("!#$%&'*+-.^_`|~9", "token"), "");
}

TEST(Framing, ALengthIsDigits) {
  for (const std::string_view length : {"", "+1", "-1", "0x1", "1, 1", "1 ", "one", "1.0"}) {
    EXPECT_NE(header_fault("content-length", length), "") << length;
  }
}

TEST(Framing, NamesAreTokensAndValuesOneLine) {
  for (const std::string_view name :
       {"", "content-length ", "a b", "a\tb", "a(b)", "caf\xC3\xA9"}) {
    EXPECT_NE(header_fault(name, "1"), "") << name;
  }
  using namespace std::string_view_literals;
  for (const std::string_view value : {"a\rb"sv, "a\nb"sv, "a\0b"sv, "\r"sv}) {
    EXPECT_NE(header_fault("x", value), "");
  }
}

}  // namespace
}  // namespace ara::http
