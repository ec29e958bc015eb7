#include "http/query.h"

#include <gtest/gtest.h>

namespace ara::http {
namespace {

const Route& predict() {
  return *match(Method::get, "/api/v1/predict/AAPL", {}).route;
}

Error error_of(std::string_view text) {
  const auto query = Query::parse(text, predict());
  return query ? Error{} : query.error();
}

TEST(PercentDecodeTest, DecodesEscapesAndNothingElse) {
  EXPECT_EQ(percent_decode("a%5Eb%5eC", false), "a^b^C");
  EXPECT_EQ(percent_decode("a+b", false), "a+b");
  EXPECT_EQ(percent_decode("a+b", true), "a b");
  EXPECT_EQ(percent_decode("%00", false), std::string(1, '\0'));
  for (const std::string_view broken : {"%", "%4", "a%", "%zz", "%4z", "%z4"}) {
    EXPECT_EQ(percent_decode(broken, false), std::nullopt) << broken;
  }
}

TEST(QueryTest, FindsValuesByName) {
  const auto query = Query::parse("days=7&&asset%5Ftype=st%6Fck&", predict());
  ASSERT_TRUE(query);
  EXPECT_EQ(query->find("days"), "7");
  EXPECT_EQ(query->find("asset_type"), "stock");
  EXPECT_EQ(query->find("analysis_level"), std::nullopt);
}

TEST(QueryTest, AValueThatWasDecodedSurvivesAMove) {
  auto query = Query::parse("asset_type=st%6Fck", predict());
  ASSERT_TRUE(query);
  const Query moved = std::move(*query);
  EXPECT_EQ(moved.find("asset_type"), "stock");
}

TEST(QueryTest, AnUnknownParameterIsNamedWithTheNearest) {
  const Error error = error_of("dayz=7");
  EXPECT_EQ(error.code, Code::invalid);
  EXPECT_EQ(error.field, "dayz");
  EXPECT_NE(error.allowed.find("did you mean days?"), std::string::npos) << error.allowed;
}

TEST(QueryTest, TheSymbolOfThePathIsNoParameterOfTheQuery) {
  EXPECT_EQ(error_of("symbol=MSFT").field, "symbol");
}

TEST(QueryTest, AParameterGivenTwiceIsRefused) {
  const Error error = error_of("days=7&days=7");
  EXPECT_EQ(error.field, "days");
  EXPECT_EQ(error.allowed, "the parameter once");
}

TEST(QueryTest, BrokenEncodingIsRefused) {
  EXPECT_EQ(error_of("days=%7").field, "days");
  EXPECT_EQ(error_of("%zz=1").field, "%zz");
}

TEST(QueryTest, AParameterWithoutANameIsAnErrorOfTheQuery) {
  EXPECT_EQ(error_of("=7").field, "query");
  EXPECT_EQ(error_of("days=7&=basic").field, "query");
}

TEST(QueryTest, ControlCharactersInANameAreEscapedInTheError) {
  EXPECT_EQ(error_of("a%00b=1").field, "a\\x00b");
}

}  // namespace
}  // namespace ara::http
