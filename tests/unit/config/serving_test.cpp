#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config.h"

namespace ara::config {
namespace {

using ::testing::HasSubstr;

const std::string kSecret(32, 's');

TEST(CheckServing, AnOpenServerIsForDevelopmentOnLoopbackUnlessAllowed) {
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
    EXPECT_THAT(checked.error().message, HasSubstr("JWT_SECRET_KEY"));
    EXPECT_THAT(checked.error().message, HasSubstr("ALLOW_PUBLIC=true"));
    config.allow_public = true;
    EXPECT_TRUE(check_serving(config)) << host;
    config.allow_public = false;
    config.jwt_secret = kSecret;
    EXPECT_TRUE(check_serving(config)) << host;
    config.jwt_secret.clear();
  }
}

TEST(CheckServing, OutsideDevelopmentASecretIsNeeded) {
  Config config;
  for (const char* environment : {"production", "test"}) {
    config.environment = environment;
    for (const bool allowed : {false, true}) {
      config.allow_public = allowed;
      config.jwt_secret.clear();
      const auto checked = check_serving(config);
      ASSERT_FALSE(checked) << environment;
      EXPECT_EQ(checked.error().field, "JWT_SECRET_KEY");
      config.jwt_secret = kSecret;
      EXPECT_TRUE(check_serving(config)) << environment;
    }
  }
}

TEST(CheckServing, CorsForNobodyIsAMistake) {
  Config config;
  config.cors = true;
  EXPECT_EQ(check_serving(config).error().field, "CORS_ORIGINS");
  config.cors_origins = {"https://app.example.com"};
  EXPECT_TRUE(check_serving(config));
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
