#include "telemetry/trace_context.h"

#include <gtest/gtest.h>

#include <set>

namespace ara::telemetry {
namespace {

constexpr std::string_view kUsual = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

TEST(Traceparent, IsReadAndWritten) {
  const auto context = parse_traceparent(kUsual);
  ASSERT_TRUE(context);
  EXPECT_EQ(context->trace, (TraceId{0x0af7651916cd43ddULL, 0x8448eb211c80319cULL}));
  EXPECT_EQ(context->span, 0xb7ad6b7169203331ULL);
  EXPECT_TRUE(context->sampled);
  EXPECT_EQ(to_traceparent(*context), kUsual);
  EXPECT_EQ(to_hex(context->trace), "0af7651916cd43dd8448eb211c80319c");
}

TEST(Traceparent, OnlyTheFirstFlagIsKnown) {
  const std::string start(kUsual.substr(0, 53));
  EXPECT_FALSE(parse_traceparent(start + "00")->sampled);
  EXPECT_TRUE(parse_traceparent(start + "ff")->sampled);
  EXPECT_FALSE(parse_traceparent(start + "02")->sampled);
}

TEST(Traceparent, LaterVersionsMayBeLonger) {
  const std::string later = "cc" + std::string(kUsual.substr(2));
  EXPECT_TRUE(parse_traceparent(later));
  EXPECT_TRUE(parse_traceparent(later + "-more"));
  EXPECT_FALSE(parse_traceparent(later + ".more"));
}

/// The cases of the standard's own test suite that a parser of one header can show.
TEST(Traceparent, WhatIsNoneBeginsATrace) {
  for (const char* bad : {"", "00", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                          "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                          "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
                          "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
                          "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
                          "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-",
                          "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01.",
                          "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                          "00-0af7651916cd43dd8448eb211c80319cb7ad6b7169203331--01",
                          " 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                          "0x-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                          "00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01"}) {
    EXPECT_FALSE(parse_traceparent(bad)) << bad;
  }
}

TEST(Tracestate, IsAListOfMembers) {
  for (const char* good : {"rojo=1", "a=b,c=d", "a=b , c=d", "a=b,,c=d", "1@vendor=x",
                           "tenant@vendor=opaque value", "a=b,", "a_-*/b=!"}) {
    EXPECT_TRUE(is_tracestate(good)) << good;
  }
  for (const char* bad : {"", ",", "a", "=b", "a=", "A=b", "a=b=c", "a=b,a=c", "a =b", "a=\x7f",
                          "a=b\r\nx: y", "@a=b"}) {
    EXPECT_FALSE(is_tracestate(bad)) << bad;
  }
  std::string many = "k0=v";
  for (int i = 1; i < 32; ++i) many += ",k" + std::to_string(i) + "=v";
  EXPECT_TRUE(is_tracestate(many));
  EXPECT_FALSE(is_tracestate(many + ",k32=v"));
  EXPECT_TRUE(is_tracestate("a=" + std::string(256, 'x')));
  EXPECT_FALSE(is_tracestate("a=" + std::string(257, 'x')));
}

TEST(Ids, AreNotZeroAndNotTwice) {
  std::set<std::string> seen;
  for (int i = 0; i < 10'000; ++i) {
    const TraceId id = make_trace_id();
    ASSERT_TRUE(id);
    ASSERT_TRUE(seen.insert(to_hex(id)).second);
    ASSERT_NE(make_span_id(), 0U);
  }
}

TEST(Ids, AreDrawnByTheirShare) {
  int drawn = 0;
  for (int i = 0; i < 20'000; ++i) {
    EXPECT_FALSE(draw(0));
    EXPECT_TRUE(draw(1));
    drawn += draw(0.25) ? 1 : 0;
  }
  EXPECT_NEAR(drawn, 5000, 6 * 62);  // six standard deviations
}

}  // namespace
}  // namespace ara::telemetry
