#include "http/routes.h"

#include <gtest/gtest.h>

#include <set>

namespace ara::http {
namespace {

const Features kAll{};

TEST(RoutesTest, EveryRowCanAnswerAndIsTheOnlyOneOfItsKind) {
  std::set<std::pair<Method, std::string_view>> seen;
  for (const Route& route : routes()) {
    EXPECT_TRUE(route.fast || route.slow || route.work) << route.path;
    EXPECT_FALSE(route.summary.empty()) << route.path;
    EXPECT_FALSE(route.media_type.empty()) << route.path;
    EXPECT_LE(route.parameters.size(), Route::kMaxParameters) << route.path;
    EXPECT_TRUE(seen.emplace(route.method, route.path).second) << route.path;
  }
}

TEST(RoutesTest, FindsTheSymbolOfAPath) {
  const Match found = match(Method::get, "/api/v1/predict/BTC-USD", kAll);
  ASSERT_NE(found.route, nullptr);
  EXPECT_EQ(found.route->path, "/api/v1/predict/{symbol}");
  EXPECT_EQ(found.parameter, "BTC-USD");
}

TEST(RoutesTest, LeavesTheSymbolEncoded) {
  EXPECT_EQ(match(Method::get, "/api/v1/predict/%5EGSPC", kAll).parameter, "%5EGSPC");
}

TEST(RoutesTest, AnotherSpellingOfAPathIsAnotherPath) {
  for (const std::string_view path :
       {"", "//", "/health/", "//health", "/Health", "/api/v1/predict/", "/api/v1/predict//AAPL",
        "/api/v1/predict/AAPL/", "/api/v1/predict/A/B", "/api/v1/predictAAPL", "/health?"}) {
    const Match found = match(Method::get, path, kAll);
    EXPECT_EQ(found.route, nullptr) << path;
    EXPECT_EQ(found.allow, "") << path;
  }
}

TEST(RoutesTest, AWrongMethodNamesTheRightOnes) {
  EXPECT_EQ(match(Method::post, "/health", kAll).allow, "GET, HEAD");
  EXPECT_EQ(match(Method::other, "/api/v1/predict/AAPL", kAll).allow, "GET, HEAD");
  const Match found = match(Method::get, "/api/v1/predict", kAll);
  EXPECT_EQ(found.route, nullptr);
  EXPECT_EQ(found.allow, "POST");
}

TEST(RoutesTest, WhatIsSwitchedOffDoesNotExist) {
  EXPECT_NE(match(Method::get, "/metrics", kAll).route, nullptr);
  EXPECT_EQ(match(Method::get, "/metrics", {.metrics = false}).route, nullptr);
  EXPECT_EQ(match(Method::post, "/metrics", {.metrics = false}).allow, "");
  EXPECT_EQ(match(Method::get, "/openapi.json", {.docs = false}).route, nullptr);
}

}  // namespace
}  // namespace ara::http
