#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config.h"

namespace ara::config {
namespace {

using ::testing::HasSubstr;

TEST(CheckServing, OnlyLoopbackUnlessAllowed) {
  Config config;
  for (const char* host : {"127.0.0.1", "127.8.9.1", "::1"}) {
    config.host = host;
    EXPECT_TRUE(check_serving(config)) << host;
  }
  for (const char* host : {"0.0.0.0", "::", "10.0.0.1", "::ffff:10.0.0.1", "2001:db8::1"}) {
    config.host = host;
    config.allow_public = false;
    const auto checked = check_serving(config);
    ASSERT_FALSE(checked) << host;
    EXPECT_EQ(checked.error().field, "API_HOST");
    EXPECT_EQ(checked.error().value, host);
    EXPECT_THAT(checked.error().message, HasSubstr("no accounts yet"));
    EXPECT_THAT(checked.error().message, HasSubstr("ALLOW_PUBLIC=true"));
    config.allow_public = true;
    EXPECT_TRUE(check_serving(config)) << host;
  }
}

TEST(CheckServing, TlsSettingsAreRefusedNotIgnored) {
  Config config;
  config.tls = {"SSL_CERT"};
  const auto checked = check_serving(config);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, Code::unsupported);
  EXPECT_THAT(checked.error().message, HasSubstr("SSL_CERT"));
  EXPECT_THAT(checked.error().message, HasSubstr("proxy"));
}

}  // namespace
}  // namespace ara::config
