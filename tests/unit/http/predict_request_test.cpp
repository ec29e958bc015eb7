#include "http/predict_request.h"

#include <gtest/gtest.h>

namespace ara::http {
namespace {

using domain::AnalysisLevel;

Result<serve::ForecastRequest> from_query(std::string_view symbol, std::string_view query) {
  static const Route& route = *match(Method::get, "/api/v1/predict/AAPL", {}).route;
  return request_from_query(symbol, query, route);
}

Result<serve::ForecastRequest> request_from_json(std::string_view body) {
  static const Route& route = *match(Method::post, "/api/v1/predict", {}).route;
  Exchange exchange;
  exchange.body = body;
  exchange.content_type = "application/json";
  return Input::read(exchange, route).and_then(request_from_input);
}

std::string field(const Result<serve::ForecastRequest>& request) {
  if (request) return "(valid)";
  EXPECT_EQ(request.error().code, Code::invalid);
  return request.error().field;
}

TEST(RequestFromQueryTest, DefaultsAreTheContracts) {
  const auto request = from_query("aapl", "");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->symbol.text(), "AAPL");
  EXPECT_EQ(request->days, 5);
  EXPECT_EQ(request->level, AnalysisLevel::standard);
  EXPECT_TRUE(request->explanations);
  EXPECT_EQ(request->asset_type, std::nullopt);
}

TEST(RequestFromQueryTest, ReadsEveryParameter) {
  const auto request = from_query(
      "%5Egspc",
      "days=30&analysis_level=comprehensive&include_explanations=false&asset_type=index");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->symbol.text(), "^GSPC");
  EXPECT_EQ(request->days, 30);
  EXPECT_EQ(request->level, AnalysisLevel::full);
  EXPECT_FALSE(request->explanations);
  EXPECT_EQ(request->asset_type, domain::AssetType::index);
}

TEST(RequestFromQueryTest, NamesTheFieldThatIsWrong) {
  for (const std::string_view days :
       {"0", "31", "-1", "x", "1e99", "5.0", "", " 5", "+5", "99999999999999999999", "0x5"}) {
    EXPECT_EQ(field(from_query("AAPL", "days=" + std::string(days))), "days") << days;
  }
  EXPECT_EQ(field(from_query("AAPL", "analysis_level=deep")), "analysis_level");
  EXPECT_EQ(field(from_query("AAPL", "include_explanations=maybe")), "include_explanations");
  EXPECT_EQ(field(from_query("AAPL", "asset_type=bond")), "asset_type");
}

TEST(RequestFromQueryTest, RefusesWhatIsNoSymbol) {
  for (const std::string& symbol :
       {std::string(1000, 'A'), std::string("A%00"), std::string("A%0a"), std::string("A%zz"),
        std::string("%"), std::string("A'%20OR%201=1--"), std::string("A%2FB")}) {
    EXPECT_EQ(field(from_query(symbol, "")), "symbol") << symbol;
  }
}

TEST(RequestFromJsonTest, ReadsEveryMember) {
  const auto request = request_from_json(
      R"({"symbol":"btc-usd","days":30,"asset_type":"crypto","analysis_level":"quick",)"
      R"("include_explanations":false})");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->symbol.text(), "BTC-USD");
  EXPECT_EQ(request->days, 30);
  EXPECT_EQ(request->level, AnalysisLevel::basic);
  EXPECT_FALSE(request->explanations);
  EXPECT_EQ(request->asset_type, domain::AssetType::crypto);
}

TEST(RequestFromJsonTest, PassesOverWhatItDoesNotKnowAndANullAssetType) {
  const auto request =
      request_from_json(R"({"symbol":"AAPL","use_ensemble":{"a":[1,2,{}]},"asset_type":null})");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->days, 5);
  EXPECT_EQ(request->asset_type, std::nullopt);
}

TEST(RequestFromJsonTest, WhatIsNoObjectIsAnErrorOfTheBody) {
  for (const std::string_view body :
       {"", "  \n", "{", "{}}", "[]", "null", "7", "\"AAPL\"", "{\"symbol\":\"AAPL\"", "\xff\xfe",
        "{\"symbol\":\"AAPL\"} x", "{'symbol':'AAPL'}", "{\"symbol\":\"\xc3\"}"}) {
    EXPECT_EQ(field(request_from_json(body)), "body") << body;
  }
  EXPECT_EQ(field(request_from_json(std::string("{\"symbol\":\"A\0\"}", 14))), "body");
}

TEST(RequestFromJsonTest, DeepNestingIsRefused) {
  const std::string deep =
      R"({"symbol":"AAPL","x":)" + std::string(1000, '[') + std::string(1000, ']') + "}";
  EXPECT_EQ(field(request_from_json(deep)), "body");
}

TEST(RequestFromJsonTest, NamesTheMemberThatIsWrong) {
  const auto with = [](std::string_view member) {
    return field(request_from_json("{\"symbol\":\"AAPL\"," + std::string(member) + "}"));
  };
  EXPECT_EQ(field(request_from_json("{}")), "symbol");
  EXPECT_EQ(field(request_from_json(R"({"symbol":null})")), "symbol");
  EXPECT_EQ(field(request_from_json(R"({"symbol":5})")), "symbol");
  EXPECT_EQ(field(request_from_json(R"({"symbol":"A'; DROP TABLE bars;--"})")), "symbol");
  EXPECT_EQ(field(request_from_json(R"({"symbol":"A\u0000"})")), "symbol");
  for (const std::string_view days : {"0", "31", "\"5\"", "1e99", "5.5", "5.0", "null", "true",
                                      "[5]", "-1", "18446744073709551615"}) {
    EXPECT_EQ(with("\"days\":" + std::string(days)), "days") << days;
  }
  EXPECT_EQ(with("\"asset_type\":7"), "asset_type");
  EXPECT_EQ(with("\"analysis_level\":\"deep\""), "analysis_level");
  EXPECT_EQ(with("\"analysis_level\":null"), "analysis_level");
  EXPECT_EQ(with("\"include_explanations\":\"yes\""), "include_explanations");
  EXPECT_EQ(with("\"days\":5,\"days\":6"), "days");
}

}  // namespace
}  // namespace ara::http
