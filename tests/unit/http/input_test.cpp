#include "http/input.h"

#include <gtest/gtest.h>

namespace ara::http {
namespace {

std::vector<Parameter> body_rows() {
  return {{.name = "name",
           .in = In::body,
           .type = "string",
           .description = "",
           .required = true,
           .maximum = 8},
          {.name = "level",
           .in = In::body,
           .type = "string",
           .description = "",
           .choices = {"low", "high"},
           .default_value = "\"low\"",
           .aliases = {"depth"}},
          {.name = "from", .in = In::body, .type = "string", .description = "", .format = "date"},
          {.name = "weights",
           .in = In::body,
           .type = "array",
           .description = "",
           .maximum = 3,
           .items = "number"},
          {.name = "prices",
           .in = In::body,
           .type = "object",
           .description = "",
           .maximum = 2,
           .items = "number"},
          {.name = "limits",
           .in = In::body,
           .type = "object",
           .description = "",
           .fields = {{.name = "least",
                       .type = "number",
                       .description = "",
                       .minimum = -1,
                       .maximum = 1,
                       .default_value = "0.5"}}},
          {.name = "bars",
           .in = In::body,
           .type = "array",
           .description = "",
           .maximum = 2,
           .items = "object",
           .fields = {{.name = "close", .type = "number", .description = "", .required = true}}}};
}

const Route& route() {
  static const Route row = [] {
    Route made{.method = Method::post,
               .path = "/test/{id}",
               .summary = "A route of every kind of input",
               .parameters = {{.name = "id",
                               .in = In::path,
                               .type = "string",
                               .description = "",
                               .required = true,
                               .minimum = 2,
                               .maximum = 8},
                              {.name = "page",
                               .type = "integer",
                               .description = "",
                               .minimum = 1,
                               .maximum = 9,
                               .default_value = "1"},
                              {.name = "list",
                               .type = "array",
                               .description = "",
                               .minimum = 1,
                               .maximum = 3,
                               .items = "string"}},
               .max_body = 1000,
               .failures = {}};
    for (Parameter& more : body_rows()) made.parameters.push_back(std::move(more));
    return made;
  }();
  return row;
}

Result<Input> read(std::string_view body, std::string_view query = {}, std::string_view id = "ab") {
  Exchange exchange;
  exchange.parameter = id;
  exchange.query = query;
  exchange.body = body;
  exchange.content_type = "application/json; charset=utf-8";
  return Input::read(exchange, route());
}

std::string field(const Result<Input>& input) {
  if (input) return "(valid)";
  EXPECT_FALSE(input.error().allowed.empty());
  return input.error().field;
}

TEST(InputTest, ReadsEveryKindOfValue) {
  const auto input = read(
      R"({"name":"x","depth":"high","from":"2024-02-29","weights":[1,2.5],"prices":{"A":3,"B":4.5},)"
      R"("limits":{"least":-1,"more":[]},"bars":[{"close":7},{"close":8,"else":null}],"other":1})",
      "page=9&list=a,%20b", "a%20b");
  ASSERT_TRUE(input) << input.error().message;
  EXPECT_EQ(input->text("id"), "a b");
  EXPECT_EQ(input->integer("page"), 9);
  EXPECT_EQ(input->texts("list"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(input->text("name"), "x");
  EXPECT_EQ(input->text("level"), "high");
  EXPECT_EQ(domain::to_iso(input->date("from").value()), "2024-02-29");
  EXPECT_EQ(input->numbers("weights"), (std::vector<double>{1, 2.5}));
  const auto prices = input->number_map("prices");
  ASSERT_EQ(prices.size(), 2U);
  EXPECT_EQ(prices[1], (std::pair<std::string, double>("B", 4.5)));
  EXPECT_EQ(input->object("limits").number("least"), -1);
  const auto bars = input->objects("bars");
  ASSERT_EQ(bars.size(), 2U);
  EXPECT_EQ(bars[1].number("close"), 8);
}

TEST(InputTest, WhatIsNotGivenHasItsDefault) {
  const auto input = read(R"({"name":"x","from":null})");
  ASSERT_TRUE(input) << input.error().message;
  EXPECT_FALSE(input->given("page"));
  EXPECT_EQ(input->integer("page"), 1);
  EXPECT_EQ(input->text("level"), "low");
  EXPECT_FALSE(input->given("from"));
  EXPECT_EQ(input->date("from"), std::nullopt);
  EXPECT_FALSE(input->object("limits").given("least"));
  EXPECT_EQ(input->object("limits").number("least"), 0.5);
  EXPECT_TRUE(input->objects("bars").empty());
  EXPECT_EQ(input->maybe_number("page"), std::nullopt);
}

TEST(InputTest, NamesWhatIsWrong) {
  const auto with = [](std::string_view member) {
    return field(read("{\"name\":\"x\"," + std::string(member) + "}"));
  };
  EXPECT_EQ(field(read("{}")), "name");
  EXPECT_EQ(field(read(R"({"name":null})")), "name");
  EXPECT_EQ(field(read(R"({"name":"123456789"})")), "name");
  EXPECT_EQ(field(read(R"({"name":"a\u0007"})")), "name");
  EXPECT_EQ(with(R"("name":"y")"), "name") << "given twice";
  EXPECT_EQ(with(R"("level":"low","depth":"low")"), "level") << "given twice by another name";
  EXPECT_EQ(with(R"("depth":"deep")"), "depth") << "named as the client named it";
  EXPECT_EQ(with(R"("level":null)"), "level");
  EXPECT_EQ(with(R"("from":"2023-02-29")"), "from");
  EXPECT_EQ(with(R"("weights":[1,"2"])"), "weights[1]");
  EXPECT_EQ(with(R"("weights":[1,2,3,4])"), "weights");
  EXPECT_EQ(with(R"("weights":{})"), "weights");
  EXPECT_EQ(with(R"("prices":{"A":true})"), "prices.A");
  EXPECT_EQ(with(R"("prices":{"A":1,"A":2})"), "prices.A");
  EXPECT_EQ(with(R"("prices":{"A":1,"B":2,"C":3})"), "prices");
  EXPECT_EQ(with(R"("limits":7)"), "limits");
  EXPECT_EQ(with(R"("limits":{"least":1.5})"), "limits.least");
  EXPECT_EQ(with(R"("bars":[{"close":1},{}])"), "bars[1].close");
  EXPECT_EQ(with(R"("bars":[1])"), "bars[0]");
}

TEST(InputTest, NamesWhatIsWrongInPathAndQuery) {
  static constexpr std::string_view kBody = R"({"name":"x"})";
  EXPECT_EQ(field(read(kBody, "", "a")), "id");
  EXPECT_EQ(field(read(kBody, "", "a%zz")), "id");
  EXPECT_EQ(field(read(kBody, "", "a%ff")), "id");
  EXPECT_EQ(field(read(kBody, "page=0")), "page");
  EXPECT_EQ(field(read(kBody, "page=1&page=2")), "page");
  EXPECT_EQ(field(read(kBody, "list=")), "list");
  EXPECT_EQ(field(read(kBody, "list=a,b,c,d")), "list");
  EXPECT_EQ(field(read(kBody, "name=x")), "name") << "which belongs into the body";
  EXPECT_EQ(field(read(R"({"name":"x","page":77,"id":5})")), "(valid)") << "no say in the query";
}

TEST(InputTest, ABodyMustBeJsonOfTheRightTypeAndSize) {
  EXPECT_EQ(field(read("")), "body");
  EXPECT_EQ(field(read("[]")), "body");
  EXPECT_EQ(field(read("{\"name\":")), "body");
  EXPECT_EQ(read(std::string(1001, ' ')).error().code, Code::too_large);
  Exchange exchange;
  exchange.parameter = "ab";
  exchange.body = R"({"name":"x"})";
  exchange.content_type = "text/plain";
  EXPECT_EQ(Input::read(exchange, route()).error().code, Code::media_type);
}

TEST(InputTest, AskingForWhatNoRowListsIsADefect) {
  const auto input = read(R"({"name":"x"})");
  ASSERT_TRUE(input);
  EXPECT_THROW(input->text("nmae"), std::logic_error);
  EXPECT_THROW(input->integer("name"), std::logic_error);
}

}  // namespace
}  // namespace ara::http
