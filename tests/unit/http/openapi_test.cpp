#include "http/openapi.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <set>

#include "base/text.h"

namespace ara::http {
namespace {

namespace dom = simdjson::dom;

/// Every "$ref" in a document.
void collect_references(dom::element value, std::set<std::string>& found) {
  dom::object object;
  dom::array array;
  if (!value.get(object)) {
    for (const auto& [name, member] : object) {
      std::string_view text;
      if (name == "$ref" && !member.get(text)) found.emplace(text);
      collect_references(member, found);
    }
  } else if (!value.get(array)) {
    for (const dom::element item : array) collect_references(item, found);
  }
}

class OpenApiTest : public testing::Test {
 protected:
  dom::element parse(const Features& features) {
    return parser_.parse(make_openapi(features, "1.2.3")).value();
  }
  dom::parser parser_;
};

TEST_F(OpenApiTest, EverySchemaIsJsonAndEveryReferenceLeadsToOne) {
  const dom::element document = parse({});
  EXPECT_EQ(std::string_view(document["openapi"]), "3.1.0");
  EXPECT_EQ(std::string_view(document["info"]["version"]), "1.2.3");
  std::set<std::string> references;
  collect_references(document, references);
  EXPECT_GE(references.size(), 5U);
  for (const std::string& reference : references) {
    ASSERT_TRUE(reference.starts_with("#/")) << reference;
    EXPECT_EQ(document.at_pointer(reference.substr(1)).error(), simdjson::SUCCESS) << reference;
  }
}

TEST_F(OpenApiTest, DescribesEveryRouteAndNoOther) {
  const dom::element document = parse({});
  std::size_t operations = 0;
  for (const auto& [path, item] : dom::object(document["paths"])) {
    operations += dom::object(item).size();
  }
  EXPECT_EQ(operations, routes().size());
  for (const Route& route : routes()) {
    const auto item = document["paths"].at_key(route.path);
    ASSERT_EQ(item.error(), simdjson::SUCCESS) << route.path;
    const auto operation = item.at_key(to_lower(to_string(route.method)));
    ASSERT_EQ(operation.error(), simdjson::SUCCESS) << route.path;
    EXPECT_EQ(operation["responses"].at_key(std::to_string(route.success)).error(),
              simdjson::SUCCESS)
        << route.path;
  }
}

TEST_F(OpenApiTest, StatesTheRangeAndDefaultOfDaysInBothForms) {
  const dom::element document = parse({});
  bool found = false;
  for (const dom::element parameter :
       dom::array(document["paths"]["/api/v1/predict/{symbol}"]["get"]["parameters"])) {
    if (std::string_view(parameter["name"]) != "days") continue;
    found = true;
    EXPECT_EQ(std::int64_t(parameter["schema"]["minimum"]), 1);
    EXPECT_EQ(std::int64_t(parameter["schema"]["maximum"]), 30);
    EXPECT_EQ(std::int64_t(parameter["schema"]["default"]), 5);
  }
  EXPECT_TRUE(found);
  const auto body = document["paths"]["/api/v1/predict"]["post"]["requestBody"]["content"]
                            ["application/json"]["schema"];
  EXPECT_EQ(std::int64_t(body["properties"]["days"]["maximum"]), 30);
  EXPECT_EQ(std::string_view(body["required"].at(0)), "symbol");
}

TEST_F(OpenApiTest, WhatIsSwitchedOffIsNotDescribed) {
  const dom::element document = parse({.metrics = false});
  EXPECT_EQ(document["paths"].at_key("/metrics").error(), simdjson::NO_SUCH_FIELD);
}

}  // namespace
}  // namespace ara::http
