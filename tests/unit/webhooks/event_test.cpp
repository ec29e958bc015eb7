#include "webhooks/event.h"

#include <gtest/gtest.h>

#include <array>
#include <set>

namespace ara::webhooks {
namespace {

struct Vector {
  std::string key;
  std::string data;
  std::string digest;
};

/// RFC 4231, sections 4.2 to 4.8, but 4.6, which tests a shortened digest.
const std::array kVectors{
    Vector{std::string(20, '\x0b'), "Hi There",
           "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
    Vector{"Jefe", "what do ya want for nothing?",
           "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    Vector{std::string(20, '\xaa'), std::string(50, '\xdd'),
           "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
    Vector{"\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15"
           "\x16\x17\x18\x19",
           std::string(50, '\xcd'),
           "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
    Vector{std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
           "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
    Vector{std::string(131, '\xaa'),
           "This is a test using a larger than block-size key and a larger than block-size data. "
           "The key needs to be hashed before being used by the HMAC algorithm.",
           "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
};

TEST(Event, SignsAsRfc4231Says) {
  for (const Vector& vector : kVectors) {
    EXPECT_EQ(sign(vector.key, vector.data), "sha256=" + vector.digest);
  }
}

TEST(Event, NamesAreTheContracts) {
  EXPECT_EQ(event_types().size(), 7U);
  for (const std::string_view name : event_types()) {
    EXPECT_EQ(to_string(parse_event_type(name).value()), name);
  }
  const auto wrong = parse_event_type("model_lost");
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().allowed.find("system_error"), std::string::npos);
}

TEST(Event, IdsAreNeverTwice) {
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) ids.insert(random_id("wh_"));
  EXPECT_EQ(ids.size(), 1000U);
  EXPECT_EQ(ids.begin()->size(), 3U + 16U);
}

TEST(Event, TheBodyIsTheContracts) {
  EXPECT_EQ(encode_event("evt_1", EventType::model_trained, WallTime{}, "{\"a\":1}"),
            "{\"event_id\":\"evt_1\",\"event_type\":\"model_trained\","
            "\"timestamp\":\"1970-01-01T00:00:00.000Z\",\"data\":{\"a\":1}}");
}

}  // namespace
}  // namespace ara::webhooks
