#include "live/outlook.h"

#include <simdjson.h>

#include <limits>

namespace ara::live {
namespace {

using simdjson::dom::element;

double number(simdjson::simdjson_result<element> value) {
  double number = 0;
  if (value.get(number) == simdjson::SUCCESS) return number;
  return std::numeric_limits<double>::quiet_NaN();
}

std::string text(simdjson::simdjson_result<element> value) {
  std::string_view text;
  return value.get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

}  // namespace

Result<Outlook> read_outlook(std::string_view body) {
  thread_local simdjson::dom::parser parser;
  element top;
  if (parser.parse(body.data(), body.size()).get(top) != simdjson::SUCCESS) {
    return fail(Code::corrupt, "a forecast's bytes are no JSON");
  }
  element first;
  if (top["predictions"].at(0).get(first) != simdjson::SUCCESS) {
    return fail(Code::corrupt, "a forecast's bytes hold no day");
  }
  return Outlook{.id = text(top["id"]),
                 .revision = text(top["revision"]),
                 .as_of = text(top["as_of"]),
                 .price = number(top["current_price"]),
                 .probability_of_rise = number(first["probability_of_rise"]),
                 .volatility = number(first["volatility"]),
                 .predicted_return = number(first["predicted_return"])};
}

double value_of(const Outlook& outlook, streams::Metric metric) {
  switch (metric) {
    case streams::Metric::price:
      return outlook.price;
    case streams::Metric::probability_of_rise:
      return outlook.probability_of_rise;
    case streams::Metric::volatility:
      return outlook.volatility;
    case streams::Metric::predicted_return:
      return outlook.predicted_return;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

bool holds(streams::Condition condition, double value, double threshold) {
  return condition == streams::Condition::above ? value > threshold : value < threshold;
}

}  // namespace ara::live
