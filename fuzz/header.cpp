// The header lines of a request, on their way through the fast lane of a server that asks for
// accounts: Authorization, X-API-Key, If-None-Match, Origin, Accept-Encoding, X-Request-ID,
// X-Forwarded-For and the handshake of a WebSocket. Whatever the bytes, no answer is a 5xx, none
// opens what is closed, and no header line of an answer can be read as two.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/text.h"
#include "http/access.h"
#include "http/framing.h"
#include "http/pipeline.h"
#include "http/takeover.h"
#include "support/temporary_folder.h"

namespace {

using namespace ara;

using Lines = std::map<std::string, std::string>;  // by names in lower case

const std::string kForwardedFor = "x-forwarded-for";

void require(bool holds) {
  if (!holds) std::abort();
}

template <class T>
T take(Result<T> made) {
  require(made.has_value());
  return std::move(*made);
}

/// A server without a network: a store of its own, accounts, pages of one other origin.
class Server {
 public:
  static Server& only() {
    static Server server;
    return server;
  }
  http::App& app() { return app_; }

 private:
  static http::ServerOptions options() {
    http::ServerOptions options;
    options.cors_origins = {"https://a.example"};
    options.trusted_proxies = {*IpRange::parse("127.0.0.0/8"), *IpRange::parse("::1")};
    return options;
  }
  static accounts::Options secret() {
    accounts::Options options;
    options.secret = std::string(48, 's');
    options.limits = false;  // else all that is seen after a minute is 429
    return options;
  }

  support::TemporaryFolder folder_;
  std::shared_ptr<storage::Store> store_ = take(storage::open_sqlite(folder_.file("ara.db")));
  std::shared_ptr<telemetry::Metrics> metrics_ = std::make_shared<telemetry::Metrics>();
  std::shared_ptr<accounts::Accounts> accounts_ =
      take(accounts::Accounts::start(store_, secret(), system_clock()));
  std::shared_ptr<serve::ForecastService> service_ =
      take(serve::make_forecast_service(store_, metrics_, {}));
  http::App app_{options(), {service_, store_, metrics_, accounts_}};
};

std::string_view find(const void* source, const std::string& name) {
  const Lines& lines = *static_cast<const Lines*>(source);
  const auto found = lines.find(name);
  return found == lines.end() ? std::string_view{} : found->second;
}

std::string peer(const void*) {
  return "127.0.0.1";
}

/// What the server library would have made of the lines: of two with one name it keeps the first.
Lines read(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    lines.emplace(to_lower(line.substr(0, colon)), trim(line.substr(colon + 1)));
  }
  return lines;
}

void check(const http::Reply& reply) {
  require(reply.status >= 200 && reply.status < 500);
  std::string_view lines = reply.headers;
  while (!lines.empty()) {
    const std::size_t end = lines.find("\r\n"), colon = lines.find(": ");
    require(end != std::string_view::npos && colon < end);
    require(http::header_fault(lines.substr(0, colon), lines.substr(colon + 2, end - colon - 2))
                .empty());
    lines.remove_prefix(end + 2);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Lines lines = read({reinterpret_cast<const char*>(data), size});
  std::string unsound;
  for (const auto& [name, value] : lines) {
    if (!http::header_fault(name, value).empty()) unsound = "The header is unsound";
  }
  http::App& app = Server::only().app();
  for (const std::string_view path : {"/health/live", "/docs", "/api/v1/predict/AAPL"}) {
    for (const http::Method method : {http::Method::get, http::Method::other}) {
      http::Exchange exchange;
      exchange.method = method;
      exchange.path = path;
      exchange.headers = {&lines, find, peer};
      exchange.given_request_id = find(&lines, "x-request-id");
      exchange.if_none_match = find(&lines, "if-none-match");
      exchange.unsound = unsound;
      const auto reply = http::run_fast(app, exchange);
      require(!exchange.principal.has_value());  // nobody has an account here
      if (reply) check(*reply);
      if (!unsound.empty()) require(reply && reply->status == 400);
      // A preflight is answered whoever asks: it tells nothing.
      if (path.starts_with("/api/") && method == http::Method::get) {
        require(reply && reply->status >= 400);
      }
      (void)http::check_handshake(exchange);
    }
  }
  const std::string client =
      http::client_address("127.0.0.1", find(&lines, kForwardedFor), app.options.trusted_proxies);
  require(parse_ip(client).has_value());
  return 0;
}
