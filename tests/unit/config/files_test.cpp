// The syntax of .env and of ara.toml.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/dotenv.h"
#include "config/toml_file.h"

namespace ara::config {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string value_of(std::string_view text) {
  const auto entries = parse_dotenv(text, ".env");
  if (!entries) return "error: " + entries.error().message;
  if (entries->size() != 1) return std::to_string(entries->size()) + " entries";
  return (*entries)[0].name + "|" + (*entries)[0].value;
}

TEST(Dotenv, Values) {
  EXPECT_EQ(value_of("A=b"), "A|b");
  EXPECT_EQ(value_of("  A = b c  \r\n"), "A|b c");
  EXPECT_EQ(value_of("export A=b"), "A|b");
  EXPECT_EQ(value_of("export=b"), "export|b");
  EXPECT_EQ(value_of("A="), "A|");
  EXPECT_EQ(value_of("A=#b"), "A|");
  EXPECT_EQ(value_of("A=b#c"), "A|b#c");
  EXPECT_EQ(value_of("A=b #c"), "A|b");
  EXPECT_EQ(value_of("A=b=c"), "A|b=c");
  EXPECT_EQ(value_of("\xEF\xBB\xBF"
                     "A=b"),
            "A|b");
  EXPECT_EQ(value_of("# A=1\n\n\t\nB=2\n# end"), "B|2");
}

TEST(Dotenv, Quotes) {
  EXPECT_EQ(value_of("A='b #c\\n'"), "A|b #c\\n");
  EXPECT_EQ(value_of("A=\"b #c\\n\\\"d\\\" \\$x \\q\" # comment"), "A|b #c\n\"d\" $x \\q");
  EXPECT_EQ(value_of("A=\"first\nsecond\"\n"), "A|first\nsecond");
  EXPECT_EQ(value_of("A=''"), "A|");
}

TEST(Dotenv, LinesAreCounted) {
  const auto entries = parse_dotenv("A=1\n\n# c\nB='x\ny'\nC=3", ".env");
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 3U);
  EXPECT_EQ((*entries)[0].line, 1);
  EXPECT_EQ((*entries)[1].line, 4);
  EXPECT_EQ((*entries)[2].line, 6);
}

TEST(Dotenv, ErrorsNameThePlaceAndNeverTheValue) {
  EXPECT_THAT(value_of("A=1\nnonsense hunter2\n"),
              AllOf(HasSubstr(".env:2"), HasSubstr("NAME=value"), Not(HasSubstr("hunter2"))));
  EXPECT_THAT(value_of("1A=2"), HasSubstr(".env:1"));
  EXPECT_THAT(value_of("=2"), HasSubstr(".env:1"));
  EXPECT_THAT(value_of("A='hunter2"), AllOf(HasSubstr("never closed"), Not(HasSubstr("hunter2"))));
  EXPECT_THAT(value_of("A='x' hunter2"),
              AllOf(HasSubstr("closing quote"), Not(HasSubstr("hunter2"))));
}

std::string toml_error(std::string_view text) {
  const auto entries = parse_toml(text, "./ara.toml");
  return entries ? "" : entries.error().message;
}

TEST(Toml, Types) {
  const auto entries =
      parse_toml("api_port = 8_001\nenable_docs = false\nlog_level = \"error\"", "./ara.toml");
  ASSERT_TRUE(entries) << entries.error().message;
  std::map<std::string, std::string> values;
  for (const TomlEntry& entry : *entries) values[entry.setting] = entry.value + "@" + entry.place;
  EXPECT_EQ(values["API_PORT"], "8001@./ara.toml:1");
  EXPECT_EQ(values["ENABLE_DOCS"], "false@./ara.toml:2");
  EXPECT_EQ(values["ARA_LOG_LEVEL"], "error@./ara.toml:3");
  EXPECT_THAT(toml_error("api_port = 8000.0"),
              AllOf(HasSubstr("api_port"), HasSubstr("an integer from 1 to 65535")));
  EXPECT_THAT(toml_error("api_port = [8000]"), HasSubstr("./ara.toml:1"));
  EXPECT_THAT(toml_error("\n[api_port]\nx = 1"), HasSubstr("api_port must be"));
}

TEST(Toml, UnknownKeysSuggestTheNearest) {
  EXPECT_THAT(toml_error("\napi_prot = 1"),
              AllOf(HasSubstr("./ara.toml:2"), HasSubstr("'api_prot'"), HasSubstr("'api_port'?")));
  EXPECT_THAT(toml_error("ara_home = \"/x\""), HasSubstr("did you mean 'home'?"));
  EXPECT_THAT(toml_error("API_PORT = 1"), HasSubstr("did you mean 'api_port'?"));
  EXPECT_THAT(toml_error("redis_db = \"secret\""),
              AllOf(HasSubstr("in this version"), Not(HasSubstr("secret"))));
  EXPECT_THAT(toml_error("ssl_cert = \"/x\""), HasSubstr("proxy"));
  EXPECT_THAT(toml_error("quite_other = 1"), Not(HasSubstr("did you mean")));
}

TEST(Toml, SyntaxErrorsNameTheLine) {
  EXPECT_THAT(toml_error("api_port = 1\napi_host = 'x"), HasSubstr("./ara.toml:2"));
  EXPECT_THAT(toml_error("api_port = 1\napi_port = 2"), HasSubstr("./ara.toml:2"));
}

}  // namespace
}  // namespace ara::config
