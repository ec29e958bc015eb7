#include "base/text.h"
#include "http/app.h"
#include "http/handlers.h"
#include "http/predict_request.h"
#include "http/problem.h"
#include "serve/encode.h"

namespace ara::http {
namespace {

constexpr std::size_t kQuotedHex = 34;

/// The quoted id, which names the bytes: RFC 9110's strong entity tag.
std::array<char, kQuotedHex> entity_tag(const Hash128& id) {
  std::array<char, kQuotedHex> tag;
  tag.front() = tag.back() = '"';
  write_hex(id.high, tag.data() + 1);
  write_hex(id.low, tag.data() + 17);
  return tag;
}

/// Whether an If-None-Match names `tag` (RFC 9110, section 13.1.2: compared weakly).
bool names_tag(std::string_view condition, std::string_view tag) {
  while (!condition.empty()) {
    const std::size_t comma = condition.find(',');
    std::string_view one = trim(condition.substr(0, comma));
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == tag || one == "*") return true;
    if (comma == std::string_view::npos) break;
    condition.remove_prefix(comma + 1);
  }
  return false;
}

Reply forecast_reply(const App& app, const Exchange& exchange, serve::Ready ready) {
  if (exchange.method == Method::post) {
    return {.headers = "cache-control: no-store\r\n",
            .body = serve::with_response_fields(*ready.body, exchange.id.text(),
                                                to_rfc3339(app.clock.now())),
            .shared = {}};
  }
  const auto tag_text = entity_tag(ready.id);
  const std::string_view tag(tag_text.data(), tag_text.size());
  Reply reply{.headers = {}, .body = {}, .shared = {}};
  reply.headers.reserve(192);  // what the middlewares add included
  reply.headers.append("etag: ").append(tag).append("\r\n").append(app.cache_control);
  if (names_tag(exchange.if_none_match, tag)) {
    reply.status = 304;
  } else {
    reply.shared = std::move(ready.body);
  }
  return reply;
}

std::optional<Reply> from_memory(App& app, Exchange& exchange,
                                 Result<serve::ForecastRequest> request) {
  if (!request) return problem(app, exchange, request.error());
  auto ready = app.service->cached(*request);
  if (ready) return forecast_reply(app, exchange, std::move(*ready));
  exchange.forecast = std::move(*request);
  return std::nullopt;
}

bool is_json(std::string_view content_type) {
  return to_lower(trim(content_type.substr(0, content_type.find(';')))) == "application/json";
}

}  // namespace

std::optional<Reply> predict_get_fast(App& app, Exchange& exchange) {
  return from_memory(app, exchange,
                     request_from_query(exchange.parameter, exchange.query, *exchange.route));
}

std::optional<Reply> predict_post_fast(App& app, Exchange& exchange) {
  if (exchange.body.size() > app.options.max_body_bytes) {
    return problem(app, exchange,
                   Error{Code::too_large, "The body is too large", "body",
                         std::to_string(exchange.body.size()) + " bytes",
                         "at most " + std::to_string(app.options.max_body_bytes) + " bytes"});
  }
  // An empty body needs no type: what is wrong with it is that it is empty.
  if (!exchange.body.empty() && !is_json(exchange.content_type)) {
    return problem(app, exchange, kUnsupportedMediaType,
                   Error{Code::unsupported, "The body must be JSON, and say so", "Content-Type",
                         printable(exchange.content_type), "application/json"});
  }
  return from_memory(app, exchange, request_from_json(exchange.body));
}

void predict_slow(App& app, Exchange& exchange, Respond respond) {
  app.service->compute(*exchange.forecast, exchange.deadline,
                       [&app, &exchange, respond = std::move(respond)](Result<serve::Ready> ready) {
                         respond(ready ? forecast_reply(app, exchange, std::move(*ready))
                                       : problem(app, exchange, ready.error()));
                       });
}

}  // namespace ara::http
