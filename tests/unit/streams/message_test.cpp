#include "streams/message.h"

#include <gtest/gtest.h>

namespace ara::streams {
namespace {

template <class T>
T read(std::string_view text) {
  auto message = parse_message(text);
  EXPECT_TRUE(message) << text << ": " << message.error().message;
  return std::get<T>(*message);
}

std::string field(std::string_view text) {
  const auto message = parse_message(text);
  EXPECT_FALSE(message) << text;
  if (message) return {};
  EXPECT_EQ(message.error().code, Code::invalid);
  EXPECT_FALSE(message.error().allowed.empty());
  return message.error().field;
}

TEST(Message, EachKindIsRead) {
  read<Pong>(R"({"type":"pong"})");
  read<Pong>(R"({"timestamp":1,"type":"pong"})");
  EXPECT_EQ(read<Subscribe>(R"({"type":"subscribe","symbol":"aapl"})").symbol.text(), "AAPL");
  EXPECT_FALSE(read<RequestPrediction>(R"({"type":"request_prediction"})").symbol);
  const auto request =
      read<RequestPrediction>(R"({"type":"request_prediction","symbol":"MSFT","days":7})");
  EXPECT_EQ(request.symbol->text(), "MSFT");
  EXPECT_EQ(request.days, 7);
  const auto alerts = read<ConfigureAlerts>(
      R"({"type":"configure_alerts","config":{"alerts":[)"
      R"({"symbol":"AAPL","metric":"price","condition":"above","threshold":250.5},)"
      R"({"symbol":"MSFT","metric":"volatility","condition":"below","threshold":1}]}})");
  ASSERT_EQ(alerts.rules.size(), 2U);
  EXPECT_EQ(alerts.rules[0].threshold, 250.5);
  EXPECT_EQ(alerts.rules[1].symbol.text(), "MSFT");
  EXPECT_EQ(alerts.rules[1].metric, Metric::volatility);
  EXPECT_EQ(alerts.rules[1].condition, Condition::below);
  EXPECT_TRUE(
      read<ConfigureAlerts>(R"({"type":"configure_alerts","config":{"alerts":[]}})").rules.empty());
}

TEST(Message, WhatIsWrongIsNamed) {
  for (const char* text : {"", "x", "[]", "1", "{", "null", "\"pong\""}) {
    EXPECT_EQ(field(text), "message") << text;
  }
  EXPECT_EQ(field("{}"), "type");
  EXPECT_EQ(field(R"({"type":7})"), "type");
  EXPECT_EQ(field(R"({"type":"shout"})"), "type");
  EXPECT_EQ(field(R"({"type":"subscribe"})"), "symbol");
  EXPECT_EQ(field(R"({"type":"subscribe","symbol":"a b"})"), "symbol");
  EXPECT_EQ(field(R"({"type":"subscribe","symbol":[]})"), "symbol");
  EXPECT_EQ(field(R"({"type":"request_prediction","days":0})"), "days");
  EXPECT_EQ(field(R"({"type":"request_prediction","days":31})"), "days");
  EXPECT_EQ(field(R"({"type":"request_prediction","days":"5"})"), "days");
  EXPECT_EQ(field(R"({"type":"configure_alerts"})"), "config.alerts");
  EXPECT_EQ(field(R"({"type":"configure_alerts","config":{"alerts":{}}})"), "config.alerts");
  const auto rule = [](const std::string& members) {
    return field(R"({"type":"configure_alerts","config":{"alerts":[)" + members + "]}}");
  };
  EXPECT_EQ(rule("1"), "config.alerts[0]");
  EXPECT_EQ(rule(R"({"metric":"price"})"), "config.alerts[0].symbol");
  EXPECT_EQ(rule(R"({"symbol":"A","metric":"mood"})"), "config.alerts[0].metric");
  EXPECT_EQ(rule(R"({"symbol":"A","metric":"price","condition":"at"})"),
            "config.alerts[0].condition");
  EXPECT_EQ(rule(R"({"symbol":"A","metric":"price","condition":"above"})"),
            "config.alerts[0].threshold");
  EXPECT_EQ(rule(R"({"symbol":"A","metric":"price","condition":"above","threshold":"1"})"),
            "config.alerts[0].threshold");
  std::string many = "1";
  for (int i = 0; i < 50; ++i) many += ",1";
  EXPECT_EQ(rule(many), "config.alerts");
}

TEST(Message, UpdatesAreReadyForBothWires) {
  const Encoded update = encode_update("alert", "AAPL", "{\"a\":1}", WallTime{}, "7-x");
  const std::string text =
      R"({"type":"alert","symbol":"AAPL","data":{"a":1},"timestamp":"1970-01-01T00:00:00.000Z"})";
  EXPECT_EQ(update.event->substr(0, 20), "id: 7-x\nevent: alert");
  EXPECT_TRUE(update.event->ends_with("\ndata: " + text + "\n\n"));
  EXPECT_TRUE(update.frame->ends_with(text));
  EXPECT_EQ(update.frame->size(), text.size() + 2);
  EXPECT_TRUE(encode_update("a", "B", "1", WallTime{}, {}).event->starts_with("event: a\n"));
}

TEST(Message, ErrorsAreJsonWhateverTheyQuote) {
  const Error error = invalid("type", "a\"\\\n\x01", "pong").error();
  const std::string text = error_text(error, WallTime{});
  EXPECT_NE(text.find(R"("error":"ValidationError")"), std::string::npos);
  for (const char c : text) EXPECT_GE(static_cast<unsigned char>(c), 0x20);
}

}  // namespace
}  // namespace ara::streams
