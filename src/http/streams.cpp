#include "base/text.h"
#include "http/access.h"
#include "http/app.h"
#include "http/input.h"
#include "http/problem.h"
#include "http/resources.h"
#include "http/takeover.h"
#include "live/live.h"
#include "streams/hub.h"

namespace ara::http {
namespace {

using streams::Channel;

constexpr ProblemKind kUpgradeRequired{426, "UpgradeRequired", "This path is a WebSocket"};
constexpr ProblemKind kForeignOrigin{403, "ForeignOrigin", "Pages of this origin may not connect"};

const std::string kUpgrade = "upgrade";
const std::string kOrigin = "origin";
const std::string kHost = "host";
const std::string kLastEventId = "last-event-id";

bool wants_websocket(const Exchange& exchange) {
  return to_lower(exchange.header(kUpgrade)) == "websocket";
}

/// Browsers let any page open a WebSocket anywhere, and say which page it is. A page of the
/// server's own and those of CORS_ORIGINS may.
bool welcome(const App& app, const Exchange& exchange) {
  const std::string_view origin = exchange.header(kOrigin);
  if (origin.empty()) return true;
  for (const std::string& allowed : app.options.cors_origins) {
    if (allowed == "*" || allowed == origin) return true;
  }
  const std::size_t mark = origin.find("://");
  return mark != std::string_view::npos && origin.substr(mark + 3) == exchange.header(kHost);
}

/// The symbol of the path, if it has bars.
Result<std::string> symbol_of(const App& app, const Exchange& exchange) {
  const auto input = Input::read(exchange, *exchange.route);
  if (!input) return std::unexpected(input.error());
  auto symbol = input->symbol("symbol");
  if (!symbol) return std::unexpected(std::move(symbol.error()));
  if (!app.live->feed.knows(*symbol)) {
    return std::unexpected(Error{Code::not_found, "There are no bars of " + symbol->text(),
                                 "symbol", symbol->text(),
                                 "a symbol that GET /api/v1/symbols lists"});
  }
  return symbol->text();
}

/// Takes a seat for whoever comes; then it is the takeover's turn.
std::optional<Reply> seat(App& app, Exchange& exchange, streams::Join join) {
  auto place = app.live->hub->take_seat(exchange.principal->id());
  if (!place) return problem(app, exchange, place.error());
  join.seat = std::move(*place);
  join.may_stay = credential_check(app, exchange);
  exchange.carried = std::make_shared<streams::Join>(std::move(join));
  return std::nullopt;
}

std::optional<Error> unfit(const App& app) {
  if (app.live != nullptr) return std::nullopt;
  return Error{Code::unavailable, "This server has no streams", {}, {}, {}};
}

/// What is the same for each WebSocket; nothing where it may be opened.
std::optional<Reply> refuse_websocket(App& app, Exchange& exchange) {
  if (!wants_websocket(exchange) || exchange.head) {
    Reply reply = problem(
        app, exchange, kUpgradeRequired,
        Error{Code::unsupported, "Open this path as a WebSocket", "Upgrade", {}, "websocket"});
    reply.headers += "upgrade: websocket\r\n";
    return reply;
  }
  if (const auto error = check_handshake(exchange)) {
    Reply reply = problem(app, exchange, *error);
    reply.headers += "sec-websocket-version: 13\r\n";
    return reply;
  }
  if (!welcome(app, exchange)) {
    return problem(app, exchange, kForeignOrigin,
                   Error{Code::unsupported, "This page may not open a WebSocket here", "Origin",
                         printable(exchange.header(kOrigin)), "an origin of CORS_ORIGINS"});
  }
  return std::nullopt;
}

std::optional<Reply> open_symbol(App& app, Exchange& exchange, Channel channel) {
  if (auto error = unfit(app)) return problem(app, exchange, *error);
  auto symbol = symbol_of(app, exchange);
  if (!symbol) return problem(app, exchange, symbol.error());
  if (auto refusal = refuse_websocket(app, exchange)) return refusal;
  return seat(app, exchange, {.wire = streams::Wire::websocket, .topics = {{channel, *symbol}}});
}

std::optional<Reply> open_predictions(App& app, Exchange& exchange) {
  return open_symbol(app, exchange, Channel::predictions);
}

std::optional<Reply> open_market_data(App& app, Exchange& exchange) {
  return open_symbol(app, exchange, Channel::market_data);
}

std::optional<Reply> open_alerts(App& app, Exchange& exchange) {
  if (auto error = unfit(app)) return problem(app, exchange, *error);
  if (const auto input = Input::read(exchange, *exchange.route); !input) {
    return problem(app, exchange, input.error());
  }
  if (auto refusal = refuse_websocket(app, exchange)) return refusal;
  return seat(
      app, exchange,
      {.wire = streams::Wire::websocket, .topics = {{Channel::alerts, exchange.principal->id()}}});
}

std::optional<Reply> open_events(App& app, Exchange& exchange) {
  if (auto error = unfit(app)) return problem(app, exchange, *error);
  if (wants_websocket(exchange)) {
    return problem(
        app, exchange,
        invalid("Upgrade", exchange.header(kUpgrade), "none: this path is a stream of events")
            .error());
  }
  auto symbol = symbol_of(app, exchange);
  if (!symbol) return problem(app, exchange, symbol.error());
  if (exchange.head) {
    return Reply{.content_type = exchange.route->media_type,
                 .headers = "cache-control: no-store\r\n",
                 .body = {},
                 .shared = {}};
  }
  std::string head =
      "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
      "cache-control: no-store\r\nx-accel-buffering: no\r\n"
      "x-content-type-options: nosniff\r\nconnection: close\r\n";
  head.append("x-request-id: ").append(exchange.id.text()).append("\r\n\r\n");
  return seat(app, exchange,
              {.wire = streams::Wire::events,
               .topics = {{Channel::predictions, *symbol}, {Channel::market_data, *symbol}},
               .last_id = std::string(exchange.header(kLastEventId)),
               .greeting = std::move(head)});
}

Parameter symbol_parameter() {
  return {.name = "symbol",
          .in = In::path,
          .type = "string",
          .description = "A stored series, e.g. AAPL; any case",
          .required = true,
          .minimum = 1,
          .maximum = domain::Symbol::kMaxLength,
          .example = "\"AAPL\""};
}

Parameter token_parameter() {
  return {.name = "token",
          .type = "string",
          .description = "A JWT, for clients that cannot send an Authorization header",
          .maximum = 4096};
}

Route websocket_route(std::string_view path, std::string_view summary, bool symbol,
                      std::optional<Reply> (*open)(App&, Exchange&)) {
  Route route{.path = path,
              .access = symbol ? Access::readonly : Access::user,
              .summary = summary,
              .parameters = {token_parameter()},
              .success = 101,
              .failures = {403, 422, 426, 503},
              .fast = open,
              .takes_over = true};
  if (symbol) {
    route.parameters.insert(route.parameters.begin(), symbol_parameter());
    route.failures.insert(route.failures.begin() + 1, 404);
  }
  return route;
}

}  // namespace

Resource streams_resource() {
  return {.tag = "streams",
          .about = "Updates as they come: WebSockets, and Server-Sent Events",
          .routes = {{.path = "/api/v1/stream/{symbol}",
                      .summary = "Each new bar of a symbol and its forecast, as Server-Sent Events",
                      .parameters = {symbol_parameter(), token_parameter()},
                      .media_type = "text/event-stream",
                      .failures = {404, 422, 503},
                      .fast = open_events,
                      .takes_over = true},
                     websocket_route("/ws/predictions/{symbol}",
                                     "WebSocket: the forecast of a symbol after each new bar", true,
                                     open_predictions),
                     websocket_route("/ws/market-data/{symbol}",
                                     "WebSocket: each new bar of a symbol", true, open_market_data),
                     websocket_route("/ws/alerts",
                                     "WebSocket: alerts of this account, and their settings", false,
                                     open_alerts)},
          .schemas = {}};
}

}  // namespace ara::http
