#include "http/input.h"

#include <algorithm>
#include <stdexcept>

#include "base/text.h"
#include "http/json_reader.h"
#include "http/query.h"

namespace ara::http {
namespace {

bool is_json(std::string_view content_type) {
  return to_lower(trim(content_type.substr(0, content_type.find(';')))) == "application/json";
}

Result<void> check_body(const Exchange& exchange, std::size_t max_body) {
  if (exchange.body.size() > max_body) {
    return std::unexpected(Error{Code::too_large, "The body is too large", "body",
                                 std::to_string(exchange.body.size()) + " bytes",
                                 "at most " + std::to_string(max_body) + " bytes"});
  }
  // An empty body needs no type: what is wrong with it is that it is empty.
  if (!exchange.body.empty() && !is_json(exchange.content_type)) {
    return std::unexpected(Error{Code::media_type, "The body must be JSON, and say so",
                                 "Content-Type", printable(exchange.content_type),
                                 "application/json"});
  }
  return {};
}

[[noreturn]] void defect(std::string_view name, const char* what) {
  throw std::logic_error("input '" + std::string(name) + "' " + what);
}

}  // namespace

// Not in the header, where clang would want to know how to destroy values it has not seen yet.
Input::Input(const std::vector<Parameter>& rows, std::string prefix)
    : rows_(&rows), prefix_(std::move(prefix)) {}

Result<Input> Input::read(const Exchange& exchange, const Route& route) {
  Input input(route.parameters, {});
  bool has_query = false, has_body = false;
  for (const Parameter& row : route.parameters) {
    has_query |= row.in == In::query;
    has_body |= row.in == In::body;
    if (row.in != In::path) continue;
    const auto plain = percent_decode(exchange.parameter, false);
    if (!plain) {
      return invalid(row.name, exchange.parameter,
                     "percent-encoding of two hexadecimal digits each");
    }
    auto value = JsonReader::from_text(row, *plain);
    if (!value) return std::unexpected(std::move(value.error()));
    if (auto set = input.set(row, std::move(*value)); !set) return std::unexpected(set.error());
  }
  if (has_query) {
    const auto query = Query::parse(exchange.query, route);
    if (!query) return std::unexpected(query.error());
    for (const Parameter& row : route.parameters) {
      const auto text = row.in == In::query ? query->find(row.name) : std::nullopt;
      if (!text) continue;
      auto value = JsonReader::from_text(row, *text);
      if (!value) return std::unexpected(std::move(value.error()));
      if (auto set = input.set(row, std::move(*value)); !set) return std::unexpected(set.error());
    }
  }
  if (has_body) {
    if (auto body = check_body(exchange, route.max_body); !body)
      return std::unexpected(body.error());
    thread_local JsonReader reader;
    if (auto body = reader.read_body(exchange.body, input); !body) {
      return std::unexpected(std::move(body.error()));
    }
  }
  if (auto whole = input.complete(); !whole) return std::unexpected(std::move(whole.error()));
  return input;
}

Result<void> Input::set(const Parameter& row, Value value) {
  if (std::ranges::find(values_, &row, [](const auto& pair) { return pair.first; }) !=
      values_.end()) {
    return invalid(prefix_ + std::string(row.name), "", "the member once");
  }
  values_.emplace_back(&row, std::move(value));
  return {};
}

Result<void> Input::complete() const {
  for (const Parameter& row : *rows_) {
    if (row.required && !given(row.name)) {
      return invalid(prefix_ + std::string(row.name), "", allowed_by(row) + "; it is missing");
    }
  }
  return {};
}

const Parameter& Input::row(std::string_view name) const {
  const auto found = std::ranges::find(*rows_, name, &Parameter::name);
  if (found == rows_->end()) defect(name, "is not listed by its route");
  return *found;
}

const Input::Value* Input::find(std::string_view name) const {
  for (const auto& [row, value] : values_) {
    if (row->name == name) return &value;
  }
  return nullptr;
}

bool Input::given(std::string_view name) const {
  row(name);
  return find(name) != nullptr;
}

template <class T>
const T* Input::get(std::string_view name) const {
  const Value* value = find(name);
  if (value == nullptr) return nullptr;
  const T* held = std::get_if<T>(&value->it);
  if (held == nullptr) defect(name, "is asked for as another type than its row says");
  return held;
}

std::string Input::text(std::string_view name) const {
  if (const auto* value = get<std::string>(name)) return *value;
  const Parameter& known = row(name);
  if (known.default_value.empty()) return {};
  return std::get<std::string>(JsonReader::from_default(known).it);
}

std::int64_t Input::integer(std::string_view name) const {
  if (const auto* value = get<std::int64_t>(name)) return *value;
  const Parameter& known = row(name);
  if (known.default_value.empty()) return 0;
  return std::get<std::int64_t>(JsonReader::from_default(known).it);
}

double Input::number(std::string_view name) const {
  if (const auto* value = get<double>(name)) return *value;
  const Parameter& known = row(name);
  if (known.default_value.empty()) return 0;
  return std::get<double>(JsonReader::from_default(known).it);
}

bool Input::flag(std::string_view name) const {
  if (const auto* value = get<bool>(name)) return *value;
  return row(name).default_value == "true";
}

std::optional<double> Input::maybe_number(std::string_view name) const {
  row(name);
  if (const auto* value = get<double>(name)) return *value;
  return std::nullopt;
}

std::vector<std::string> Input::texts(std::string_view name) const {
  row(name);
  std::vector<std::string> all;
  if (const auto* values = get<std::vector<Value>>(name)) {
    for (const Value& value : *values) all.push_back(std::get<std::string>(value.it));
  }
  return all;
}

std::vector<double> Input::numbers(std::string_view name) const {
  row(name);
  std::vector<double> all;
  if (const auto* values = get<std::vector<Value>>(name)) {
    for (const Value& value : *values) all.push_back(std::get<double>(value.it));
  }
  return all;
}

std::vector<std::pair<std::string, double>> Input::number_map(std::string_view name) const {
  row(name);
  std::vector<std::pair<std::string, double>> all;
  if (const auto* members = get<Members>(name)) {
    for (const auto& [key, value] : *members) all.emplace_back(key, std::get<double>(value.it));
  }
  return all;
}

std::vector<std::pair<std::string, std::string>> Input::text_map(std::string_view name) const {
  row(name);
  std::vector<std::pair<std::string, std::string>> all;
  if (const auto* members = get<Members>(name)) {
    for (const auto& [key, value] : *members) {
      all.emplace_back(key, std::get<std::string>(value.it));
    }
  }
  return all;
}

Input Input::object(std::string_view name) const {
  if (const auto* value = get<std::shared_ptr<const Input>>(name)) return **value;
  return Input(row(name).fields, prefix_ + std::string(name) + ".");
}

std::vector<Input> Input::objects(std::string_view name) const {
  row(name);
  std::vector<Input> all;
  if (const auto* values = get<std::vector<Value>>(name)) {
    for (const Value& value : *values) {
      all.push_back(*std::get<std::shared_ptr<const Input>>(value.it));
    }
  }
  return all;
}

Result<domain::Symbol> Input::symbol(std::string_view name) const {
  auto parsed = domain::Symbol::parse(text(name));
  if (!parsed) parsed.error().field = prefix_ + std::string(name);
  return parsed;
}

Result<std::vector<domain::Symbol>> Input::symbols(std::string_view name) const {
  std::vector<domain::Symbol> all;
  for (const std::string& word : texts(name)) {
    auto parsed = domain::Symbol::parse(word);
    if (!parsed) {
      parsed.error().field = prefix_ + std::string(name) + "[" + std::to_string(all.size()) + "]";
      return std::unexpected(std::move(parsed.error()));
    }
    all.push_back(std::move(*parsed));
  }
  return all;
}

std::optional<domain::Date> Input::date(std::string_view name) const {
  return domain::parse_iso_date(text(name));
}

}  // namespace ara::http
