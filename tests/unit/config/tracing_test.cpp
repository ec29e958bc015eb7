#include <gtest/gtest.h>

#include "config/config.h"
#include "support.h"

namespace ara::config {
namespace {

using testing::Environment;
using testing::Folder;
using testing::without_settings;

constexpr Limits kMachine{.cores = 2, .memory_bytes = 8ULL << 30};

TEST(Tracing, TracesGoToAUrl) {
  const Folder folder;
  auto variables = without_settings();
  for (const auto& [given, url] : std::map<std::string, std::string>{
           {"http://collector:4318", "http://collector:4318/v1/traces"},
           {"https://[::1]:4318/", "https://[::1]:4318/v1/traces"},
           {"http://collector/otlp/traces", "http://collector/otlp/traces"}}) {
    variables["OTLP_ENDPOINT"] = given;
    const Environment environment(variables);
    const auto config = load({}, folder.path(), kMachine);
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(config->otlp_endpoint, url);
  }
  for (const char* bad : {"collector:4318", "grpc://collector", "http://", "http:///v1/traces",
                          "http://me:secret@collector", "http://a b", "http://a?b"}) {
    variables["OTLP_ENDPOINT"] = bad;
    const Environment environment(variables);
    const auto config = load({}, folder.path(), kMachine);
    ASSERT_FALSE(config) << bad;
    EXPECT_EQ(config.error().field, "OTLP_ENDPOINT");
  }
  variables["OTLP_ENDPOINT"] = "";
  for (const char* bad : {"1.1", "-0.1", "nan", "half"}) {
    variables["OTLP_SAMPLE_RATIO"] = bad;
    const Environment environment(variables);
    EXPECT_FALSE(load({}, folder.path(), kMachine)) << bad;
  }
}

}  // namespace
}  // namespace ara::config
