#include "http/predict_request.h"

#include <string>

#include "base/text.h"
#include "http/query.h"

namespace ara::http {
namespace {

using domain::ForecastKey;

std::string allowed_days() {
  return "an integer from 1 to " + std::to_string(ForecastKey::kMaxHorizon);
}

Result<int> check_days(std::string_view text, std::optional<long long> days) {
  if (!days || *days < 1 || *days > ForecastKey::kMaxHorizon) {
    return invalid("days", text, allowed_days());
  }
  return static_cast<int>(*days);
}

Result<domain::Revision> check_revision(std::string_view text) {
  const auto revision = domain::parse_revision(text);
  if (!revision) return invalid("min_revision", text, "a revision that a write of bars returned");
  return *revision;
}

Result<bool> parse_bool(std::string_view text) {
  const std::string word = to_lower(text);
  if (word == "true" || word == "1") return true;
  if (word == "false" || word == "0") return false;
  return invalid("include_explanations", text, "true or false");
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
  if (const auto text = given->find("min_revision")) {
    const auto revision = check_revision(*text);
    if (!revision) return std::unexpected(revision.error());
    request.min_revision = *revision;
  }
  if (const auto text = given->find("include_explanations")) {
    const auto wanted = parse_bool(*text);
    if (!wanted) return std::unexpected(wanted.error());
    request.explanations = *wanted;
  }
  return request;
}

serve::ForecastRequest request_with(const Input& input, domain::Symbol symbol) {
  serve::ForecastRequest request{.symbol = std::move(symbol), .asset_type = {}};
  request.days = static_cast<int>(input.integer("days"));
  request.explanations = input.flag("include_explanations");
  if (input.given("asset_type")) {
    request.asset_type = domain::parse_asset_type(input.text("asset_type")).value();
  }
  request.level = domain::parse_analysis_level(input.text("analysis_level")).value();
  return request;
}

Result<serve::ForecastRequest> request_from_input(const Input& input) {
  auto symbol = input.symbol("symbol");
  if (!symbol) return std::unexpected(std::move(symbol.error()));
  serve::ForecastRequest request = request_with(input, std::move(*symbol));
  if (input.given("min_revision")) {
    const auto revision = check_revision(input.text("min_revision"));
    if (!revision) return std::unexpected(revision.error());
    request.min_revision = *revision;
  }
  return request;
}

}  // namespace ara::http
