#include "streams/message.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "streams/frame.h"

namespace ara::streams {
namespace {

using simdjson::dom::element;

constexpr std::array<std::string_view, 3> kChannels{"predictions", "market-data", "alerts"};
constexpr std::array<std::string_view, 4> kMetrics{"price", "probability_of_rise", "volatility",
                                                   "predicted_return"};
constexpr std::array<std::string_view, 2> kConditions{"above", "below"};
constexpr std::array<std::string_view, 4> kTypes{"pong", "subscribe", "request_prediction",
                                                 "configure_alerts"};

std::string listed(std::span<const std::string_view> names) {
  std::string text = "one of ";
  for (const std::string_view name : names) {
    text.append(name == names.front() ? "" : ", ").append(name);
  }
  return text;
}

/// A JSON value as it may be shown.
std::string shown(const element& value) {
  return simdjson::minify(value);
}

Result<std::string_view> text_of(const element& object, const std::string& field,
                                 std::string_view name, std::string_view allowed) {
  element value;
  if (object[name].get(value) != simdjson::SUCCESS) return invalid(field, "", allowed);
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return invalid(field, shown(value), allowed);
  return text;
}

/// The place of a text among the names that it may be.
Result<std::size_t> choice_of(const element& object, const std::string& field,
                              std::string_view name, std::span<const std::string_view> names) {
  const auto text = text_of(object, field, name, listed(names));
  if (!text) return std::unexpected(text.error());
  const auto found = std::ranges::find(names, *text);
  if (found == names.end()) return invalid(field, *text, listed(names));
  return static_cast<std::size_t>(found - names.begin());
}

Result<domain::Symbol> symbol_of(const element& object, const std::string& field) {
  const auto text = text_of(object, field, "symbol", "a symbol, e.g. AAPL");
  if (!text) return std::unexpected(text.error());
  auto symbol = domain::Symbol::parse(*text);
  if (!symbol) return invalid(field, *text, symbol.error().allowed);
  return symbol;
}

Result<AlertRule> rule_of(const element& object, const std::string& at) {
  if (!object.is_object()) return invalid(at, shown(object), "an object");
  auto symbol = symbol_of(object, at + ".symbol");
  if (!symbol) return std::unexpected(std::move(symbol.error()));
  const auto metric = choice_of(object, at + ".metric", "metric", kMetrics);
  if (!metric) return std::unexpected(metric.error());
  const auto condition = choice_of(object, at + ".condition", "condition", kConditions);
  if (!condition) return std::unexpected(condition.error());
  double threshold = 0;
  element value;
  if (object["threshold"].get(value) != simdjson::SUCCESS) {
    return invalid(at + ".threshold", "", "a number");
  }
  if (value.get(threshold) != simdjson::SUCCESS || !std::isfinite(threshold)) {
    return invalid(at + ".threshold", shown(value), "a number");
  }
  return AlertRule{std::move(*symbol), Metric(*metric), Condition(*condition), threshold};
}

Result<ClientMessage> alerts_of(const element& top) {
  const std::string allowed =
      "a list of at most " + std::to_string(ConfigureAlerts::kMost) + " alerts";
  simdjson::dom::array rules;
  if (top["config"]["alerts"].get(rules) != simdjson::SUCCESS) {
    return invalid("config.alerts", "", allowed);
  }
  if (rules.size() > ConfigureAlerts::kMost) {
    return invalid("config.alerts", std::to_string(rules.size()) + " alerts", allowed);
  }
  ConfigureAlerts message;
  for (const element& one : rules) {
    auto rule = rule_of(one, "config.alerts[" + std::to_string(message.rules.size()) + "]");
    if (!rule) return std::unexpected(std::move(rule.error()));
    message.rules.push_back(std::move(*rule));
  }
  return message;
}

Result<ClientMessage> request_of(const element& top) {
  RequestPrediction message;
  element value;
  if (top["symbol"].get(value) == simdjson::SUCCESS) {
    auto symbol = symbol_of(top, "symbol");
    if (!symbol) return std::unexpected(std::move(symbol.error()));
    message.symbol = std::move(*symbol);
  }
  if (top["days"].get(value) == simdjson::SUCCESS) {
    std::int64_t days = 0;
    if (value.get(days) != simdjson::SUCCESS || days < 1 ||
        days > domain::ForecastKey::kMaxHorizon) {
      return invalid("days", shown(value),
                     "an integer from 1 to " + std::to_string(domain::ForecastKey::kMaxHorizon));
    }
    message.days = static_cast<int>(days);
  }
  return message;
}

/// A text as a JSON string. What is given is UTF-8.
std::string json_string(std::string_view text) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out.append("\\u00").append({kDigits[static_cast<unsigned char>(c) >> 4], kDigits[c & 15]});
    } else {
      out += c;
    }
  }
  return out += '"';
}

std::string number(double value) {
  std::array<char, 32> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value);
  return {text.data(), end.ptr};
}

std::string stamp(WallTime time) {
  return ",\"timestamp\":\"" + to_rfc3339(time) + "\"";
}

}  // namespace

std::string_view to_string(Channel channel) {
  return kChannels[static_cast<std::size_t>(channel)];
}
std::span<const std::string_view> metrics() {
  return kMetrics;
}
std::span<const std::string_view> conditions() {
  return kConditions;
}

Result<ClientMessage> parse_message(std::string_view text) {
  thread_local simdjson::dom::parser parser;
  element top;
  if (parser.parse(text.data(), text.size()).get(top) != simdjson::SUCCESS || !top.is_object()) {
    return invalid("message", text, "a JSON object");
  }
  const auto type = choice_of(top, "type", "type", kTypes);
  if (!type) return std::unexpected(type.error());
  if (kTypes[*type] == "pong") return Pong{};
  if (kTypes[*type] == "request_prediction") return request_of(top);
  if (kTypes[*type] == "configure_alerts") return alerts_of(top);
  auto symbol = symbol_of(top, "symbol");
  if (!symbol) return std::unexpected(std::move(symbol.error()));
  return Subscribe{std::move(*symbol)};
}

Encoded encode_update(std::string_view type, std::string_view symbol, std::string_view data,
                      WallTime time, std::string_view id) {
  std::string text = "{\"type\":\"";
  text.append(type).append("\",\"symbol\":").append(json_string(symbol));
  text.append(",\"data\":").append(data).append(stamp(time)).append("}");
  std::string event;
  if (!id.empty()) event.append("id: ").append(id).append("\n");
  // The data is one line: JSON as it is written here has no line ends.
  event.append("event: ").append(type).append("\ndata: ").append(text).append("\n\n");
  return {std::make_shared<const std::string>(encode_frame(Opcode::text, text)),
          std::make_shared<const std::string>(std::move(event))};
}

std::string connected_text(Channel channel, std::string_view symbol, std::string_view connection,
                           WallTime time) {
  std::string text = "{\"type\":\"connected\",\"channel\":\"";
  text.append(to_string(channel)).append("\",\"symbol\":");
  text.append(symbol.empty() ? "null" : json_string(symbol));
  text.append(",\"connection_id\":").append(json_string(connection)).append(stamp(time));
  text.append(",\"message\":\"Connected to ").append(to_string(channel)).append("\"}");
  return text;
}

std::string subscribed_text(Channel channel, std::string_view symbol, WallTime time) {
  std::string text = "{\"type\":\"subscribed\",\"channel\":\"";
  text.append(to_string(channel)).append("\",\"symbol\":").append(json_string(symbol));
  return text.append(stamp(time)).append("}");
}

std::string prediction_requested_text(std::string_view symbol, int days, WallTime time) {
  std::string text = "{\"type\":\"prediction_requested\",\"symbol\":" + json_string(symbol);
  text.append(",\"days\":").append(std::to_string(days));
  return text.append(stamp(time)).append("}");
}

std::string alerts_configured_text(std::span<const AlertRule> rules, WallTime time) {
  std::string text = "{\"type\":\"alerts_configured\",\"config\":{\"alerts\":[";
  for (const AlertRule& rule : rules) {
    text.append(&rule == &rules.front() ? "" : ",").append(to_json(rule));
  }
  return text.append("]}").append(stamp(time)).append("}");
}

std::string ping_text(WallTime time) {
  return "{\"type\":\"ping\"" + stamp(time) + "}";
}

std::string error_text(const Error& error, WallTime time) {
  std::string text = "{\"type\":\"error\",\"error\":\"";
  text.append(describe(error.code).name)
      .append("\",\"message\":")
      .append(json_string(error.message));
  if (!error.field.empty()) text.append(",\"field\":").append(json_string(error.field));
  if (!error.value.empty()) text.append(",\"value\":").append(json_string(error.value));
  if (!error.allowed.empty()) text.append(",\"allowed\":").append(json_string(error.allowed));
  return text.append(stamp(time)).append("}");
}

std::string to_json(const AlertRule& rule, std::string_view more) {
  std::string text = "{\"symbol\":" + json_string(rule.symbol.text());
  text.append(",\"metric\":\"").append(kMetrics[static_cast<std::size_t>(rule.metric)]);
  text.append("\",\"condition\":\"").append(kConditions[static_cast<std::size_t>(rule.condition)]);
  text.append("\",\"threshold\":").append(number(rule.threshold)).append(more).append("}");
  return text;
}

}  // namespace ara::streams
