#include "http/json_reader.h"

#include <algorithm>
#include <cmath>

#include "base/format.h"
#include "base/text.h"

namespace ara::http {
namespace {

namespace dom = simdjson::dom;

/// What a JSON value looks like in an error.
std::string shown(dom::element value) {
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) return std::string(text);
  return simdjson::minify(value);
}

std::string range_of(const Parameter& row, std::string_view of) {
  const auto bound = [](double value) { return ara::format("{:.10g}", value); };
  std::string text;
  if (row.minimum && row.maximum) {
    text = bound(*row.minimum) + " to " + bound(*row.maximum);
  } else if (row.minimum) {
    text = "at least " + bound(*row.minimum);
  } else if (row.maximum) {
    text = "at most " + bound(*row.maximum);
  } else {
    return {};
  }
  const bool from = row.minimum && row.maximum && of.empty();
  return (of.empty() ? (from ? " from " : ", ") : " of ") + text +
         (of.empty() ? "" : " " + std::string(of));
}

bool in_range(const Parameter& row, double value) {
  return !(row.minimum && value < *row.minimum) && !(row.maximum && value > *row.maximum);
}

/// A text that may be told in answers and logs: valid UTF-8 without control characters.
bool is_plain(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const auto lead = static_cast<unsigned char>(text[0]);
    if (length == 0 || lead < 0x20 || lead == 0x7F) return false;
    text.remove_prefix(length);
  }
  return true;
}

const Parameter* row_of(const std::vector<Parameter>& rows, std::string_view name) {
  const auto found =
      std::ranges::find_if(rows, [&](const Parameter& row) { return is_called(row, name); });
  return found == rows.end() ? nullptr : &*found;
}

Result<Input::Value> checked_text(const Parameter& row, const std::string& name,
                                  std::string_view text, bool ranged) {
  const auto refused = [&] { return invalid(name, text, allowed_by(row)); };
  if (!is_plain(text)) return invalid(name, text, "a text in UTF-8 without control characters");
  if (!row.choices.empty() && !std::ranges::contains(row.choices, text)) return refused();
  if (row.format == "date" && !domain::parse_iso_date(text)) return refused();
  if (ranged && !in_range(row, static_cast<double>(text.size()))) return refused();
  return Input::Value{std::string(text)};
}

}  // namespace

std::string allowed_by(const Parameter& row) {
  if (!row.choices.empty()) {
    std::string text;
    for (const std::string& choice : row.choices) {
      text += (text.empty() ? "one of " : ", ") + choice;
    }
    return text;
  }
  if (row.type == "integer") return "an integer" + range_of(row, {});
  if (row.type == "number") return "a number" + range_of(row, {});
  if (row.type == "boolean") return "true or false";
  if (row.type == "array") return "a list" + range_of(row, "values");
  if (row.type == "object") return "an object" + range_of(row, "members");
  if (row.format == "date") return "a date as YYYY-MM-DD";
  return "a text" + range_of(row, "characters");
}

Result<Input::Value> JsonReader::from_text(const Parameter& row, std::string_view text) {
  const std::string name(row.name);
  const auto refused = [&] { return invalid(name, text, allowed_by(row)); };
  if (row.type == "integer") {
    const auto value = parse_integer(text);
    if (!value || !in_range(row, static_cast<double>(*value))) return refused();
    return Input::Value{std::int64_t{*value}};
  }
  if (row.type == "number") {
    const auto value = parse_double(text);
    if (!value || !std::isfinite(*value) || !in_range(row, *value)) return refused();
    return Input::Value{*value};
  }
  if (row.type == "boolean") {
    const std::string word = to_lower(text);
    if (word == "true" || word == "1") return Input::Value{true};
    if (word == "false" || word == "0") return Input::Value{false};
    return refused();
  }
  if (row.type == "array") {  // of texts, with commas between
    std::vector<Input::Value> values;
    while (!text.empty()) {
      const std::size_t comma = std::min(text.find(','), text.size());
      auto value = checked_text(row, name, trim(text.substr(0, comma)), false);
      if (!value) return value;
      values.push_back(std::move(*value));
      text.remove_prefix(std::min(text.size(), comma + 1));
    }
    if (!in_range(row, static_cast<double>(values.size()))) {
      return invalid(name, std::to_string(values.size()) + " values", allowed_by(row));
    }
    return Input::Value{std::move(values)};
  }
  return checked_text(row, name, text, true);
}

Input::Value JsonReader::from_default(const Parameter& row) {
  dom::parser parser;
  auto element = parser.parse(row.default_value);
  return value(row, std::string(row.name), element.value()).value();
}

Result<void> JsonReader::read_body(std::string_view body, Input& into) {
  const std::string allowed =
      "a JSON object with members such as \"" + std::string(into.rows_->back().name) + "\"";
  if (trim(body).empty()) {
    // A body none of whose members is required may be left out.
    const bool needed = std::ranges::any_of(
        *into.rows_, [](const Parameter& row) { return row.in == In::body && row.required; });
    if (!needed) return {};
    return invalid("body", body, "a JSON object; it is empty");
  }
  if (parser_.max_depth() != kMaxDepth && parser_.allocate(body.size(), kMaxDepth)) {
    return fail(Code::internal, "no memory for the JSON parser");
  }
  dom::element document;
  if (const auto error = parser_.parse(body.data(), body.size()).get(document)) {
    return invalid("body", body, allowed + " (" + simdjson::error_message(error) + ")");
  }
  dom::object object;
  if (document.get(object)) return invalid("body", body, allowed);
  return read_object(object, into);
}

Result<void> JsonReader::read_object(dom::object object, Input& into) {
  for (const auto& [key, element] : object) {
    const Parameter* row = row_of(*into.rows_, key);
    // A body has no say in what stands in the path or query.
    const bool elsewhere = row != nullptr && into.prefix_.empty() && row->in != In::body;
    if (row == nullptr || elsewhere) continue;
    if (element.is_null() && !row->required && row->default_value.empty()) continue;
    const std::string name = into.prefix_ + std::string(key);
    auto read = value(*row, name, element);
    if (!read) return std::unexpected(std::move(read.error()));
    if (auto set = into.set(*row, std::move(*read)); !set) return set;
  }
  return {};
}

Result<Input::Value> JsonReader::value(const Parameter& row, const std::string& name,
                                       Element element) {
  if (row.type == "array") return array(row, name, element);
  if (row.type == "object") return object(row, name, element);
  return scalar(row, row.type, name, element);
}

Result<Input::Value> JsonReader::scalar(const Parameter& row, std::string_view type,
                                        const std::string& name, Element element) {
  const bool item = row.type == "array" || row.type == "object";  // the range is of the count then
  const auto refused = [&]() -> Result<Input::Value> {
    return invalid(
        name, shown(element),
        item ? allowed_by({.name = {}, .type = type, .description = {}, .choices = row.choices})
             : allowed_by(row));
  };
  if (type == "integer") {
    std::int64_t value = 0;
    if (element.get(value) || (!item && !in_range(row, static_cast<double>(value)))) {
      return refused();
    }
    return Input::Value{value};
  }
  if (type == "number") {
    double value = 0;
    if (element.get(value) || (!item && !in_range(row, value))) return refused();
    return Input::Value{value};
  }
  if (type == "boolean") {
    bool value = false;
    if (element.get(value)) return refused();
    return Input::Value{value};
  }
  std::string_view text;
  if (element.get(text)) return refused();
  return checked_text(row, name, text, !item);
}

Result<Input::Value> JsonReader::array(const Parameter& row, const std::string& name,
                                       Element element) {
  dom::array items;
  if (element.get(items)) return invalid(name, shown(element), allowed_by(row));
  std::vector<Input::Value> values;
  for (const Element item : items) {
    const std::string place = name + "[" + std::to_string(values.size()) + "]";
    auto value =
        row.items == "object" ? object(row, place, item) : scalar(row, row.items, place, item);
    if (!value) return value;
    values.push_back(std::move(*value));
    if (row.maximum && static_cast<double>(values.size()) > *row.maximum) break;
  }
  if (!in_range(row, static_cast<double>(values.size()))) {
    return invalid(name, std::to_string(items.size()) + " values", allowed_by(row));
  }
  return Input::Value{std::move(values)};
}

Result<Input::Value> JsonReader::object(const Parameter& row, const std::string& name,
                                        Element element) {
  dom::object members;
  if (element.get(members)) {
    return invalid(name, shown(element), row.type == "array" ? "an object" : allowed_by(row));
  }
  if (!row.fields.empty()) {
    Input inner(row.fields, name + ".");
    if (auto read = read_object(members, inner); !read) {
      return std::unexpected(std::move(read.error()));
    }
    if (auto whole = inner.complete(); !whole) return std::unexpected(std::move(whole.error()));
    return Input::Value{std::make_shared<const Input>(std::move(inner))};
  }
  Input::Members map;
  for (const auto& [key, member] : members) {
    if (!is_plain(key)) return invalid(name, key, "names in UTF-8 without control characters");
    auto value = scalar(row, row.items, name + "." + std::string(key), member);
    if (!value) return value;
    if (std::ranges::contains(map, key,
                              [](const auto& pair) -> std::string_view { return pair.first; })) {
      return invalid(name + "." + std::string(key), shown(member), "the member once");
    }
    map.emplace_back(std::string(key), std::move(*value));
    if (row.maximum && static_cast<double>(map.size()) > *row.maximum) break;
  }
  if (!in_range(row, static_cast<double>(map.size()))) {
    return invalid(name, std::to_string(members.size()) + " members", allowed_by(row));
  }
  return Input::Value{std::move(map)};
}

}  // namespace ara::http
