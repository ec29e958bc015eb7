#include "http/predict_request.h"

#include <simdjson.h>

#include <string>

#include "base/text.h"
#include "http/query.h"

namespace ara::http {
namespace {

namespace dom = simdjson::dom;
using domain::ForecastKey;

constexpr std::size_t kMaxDepth = 16;

std::string allowed_days() {
  return "an integer from 1 to " + std::to_string(ForecastKey::kMaxHorizon);
}

Result<int> check_days(std::string_view text, std::optional<long long> days) {
  if (!days || *days < 1 || *days > ForecastKey::kMaxHorizon) {
    return invalid("days", text, allowed_days());
  }
  return static_cast<int>(*days);
}

Result<bool> parse_bool(std::string_view text) {
  const std::string word = to_lower(text);
  if (word == "true" || word == "1") return true;
  if (word == "false" || word == "0") return false;
  return invalid("include_explanations", text, "true or false");
}

/// What a JSON value looks like in an error.
std::string shown(dom::element value) {
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) return std::string(text);
  return simdjson::minify(value);
}

Result<std::string_view> text_of(std::string_view field, dom::element value) {
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) return text;
  return invalid(field, shown(value), "a text");
}

/// The members that make a request, as they were given.
struct Members {
  std::optional<dom::element> symbol, days, asset_type, analysis_level, include_explanations;

  std::optional<dom::element>* find(std::string_view name) {
    if (name == "symbol") return &symbol;
    if (name == "days") return &days;
    if (name == "asset_type") return &asset_type;
    if (name == "analysis_level") return &analysis_level;
    if (name == "include_explanations") return &include_explanations;
    return nullptr;
  }
};

Result<Members> read_members(std::string_view body) {
  static constexpr std::string_view kAllowed = "a JSON object, e.g. {\"symbol\": \"AAPL\"}";
  thread_local dom::parser parser;
  if (parser.max_depth() != kMaxDepth && parser.allocate(body.size(), kMaxDepth)) {
    return fail(Code::internal, "no memory for the JSON parser");
  }
  dom::element document;
  if (const auto error = parser.parse(body.data(), body.size()).get(document)) {
    return invalid("body", body,
                   std::string(kAllowed) + " (" + simdjson::error_message(error) + ")");
  }
  dom::object object;
  if (document.get(object)) return invalid("body", body, kAllowed);
  Members members;
  for (const auto& [name, value] : object) {
    std::optional<dom::element>* member = members.find(name);
    if (member == nullptr) continue;
    if (*member) return invalid(name, shown(value), "the member once");
    *member = value;
  }
  return members;
}

Result<int> days_of(dom::element value) {
  std::int64_t days = 0;
  if (value.get(days)) return invalid("days", shown(value), allowed_days());
  return check_days(std::to_string(days), days);
}

Result<void> read_options(const Members& members, serve::ForecastRequest& request) {
  if (members.days) {
    const auto days = days_of(*members.days);
    if (!days) return std::unexpected(days.error());
    request.days = *days;
  }
  // The original's clients send null for "not given".
  if (members.asset_type && !members.asset_type->is_null()) {
    const auto type = text_of("asset_type", *members.asset_type).and_then(domain::parse_asset_type);
    if (!type) return std::unexpected(type.error());
    request.asset_type = *type;
  }
  if (members.analysis_level) {
    const auto level =
        text_of("analysis_level", *members.analysis_level).and_then(domain::parse_analysis_level);
    if (!level) return std::unexpected(level.error());
    request.level = *level;
  }
  if (members.include_explanations && members.include_explanations->get(request.explanations)) {
    return invalid("include_explanations", shown(*members.include_explanations), "true or false");
  }
  return {};
}

}  // namespace

Result<serve::ForecastRequest> request_from_query(std::string_view symbol, std::string_view query,
                                                  const Route& route) {
  const auto plain = percent_decode(symbol, false);
  if (!plain) return invalid("symbol", symbol, "percent-encoding of two hexadecimal digits each");
  auto parsed = domain::Symbol::parse(*plain);
  if (!parsed) return std::unexpected(std::move(parsed.error()));
  serve::ForecastRequest request{.symbol = std::move(*parsed), .asset_type = {}};
  if (query.empty()) return request;

  const auto given = Query::parse(query, route);
  if (!given) return std::unexpected(given.error());
  if (const auto text = given->find("days")) {
    const auto days = check_days(*text, parse_integer(*text));
    if (!days) return std::unexpected(days.error());
    request.days = *days;
  }
  if (const auto text = given->find("asset_type")) {
    const auto type = domain::parse_asset_type(*text);
    if (!type) return std::unexpected(type.error());
    request.asset_type = *type;
  }
  if (const auto text = given->find("analysis_level")) {
    const auto level = domain::parse_analysis_level(*text);
    if (!level) return std::unexpected(level.error());
    request.level = *level;
  }
  if (const auto text = given->find("include_explanations")) {
    const auto wanted = parse_bool(*text);
    if (!wanted) return std::unexpected(wanted.error());
    request.explanations = *wanted;
  }
  return request;
}

Result<serve::ForecastRequest> request_from_json(std::string_view body) {
  if (trim(body).empty()) return invalid("body", body, "a JSON object; it is empty");
  const auto members = read_members(body);
  if (!members) return std::unexpected(members.error());
  if (!members->symbol) return invalid("symbol", "", "the symbol to forecast, which is missing");
  auto symbol = text_of("symbol", *members->symbol).and_then(domain::Symbol::parse);
  if (!symbol) return std::unexpected(std::move(symbol.error()));
  serve::ForecastRequest request{.symbol = std::move(*symbol), .asset_type = {}};
  if (auto read = read_options(*members, request); !read) {
    return std::unexpected(std::move(read.error()));
  }
  return request;
}

}  // namespace ara::http
