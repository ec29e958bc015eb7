// What a client may send: the JSON body, the query string and the path of a request. Whatever the
// bytes, parsing ends with a valid request or with an error that names its field, and the error can
// be told as a problem document.

#include <simdjson.h>

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "http/input.h"
#include "http/predict_request.h"
#include "http/problem.h"
#include "http/query.h"
#include "http/request_id.h"

namespace {

using namespace ara;

void require(bool holds) {
  if (!holds) std::abort();
}

template <class T>
void check(const Result<T>& read, std::string_view path) {
  if (read) return;
  const Error& error = read.error();
  require(error.code == Code::invalid && !error.field.empty() && !error.allowed.empty());
  const std::string text =
      http::encode_problem(http::kind_of(error.code), error, path, "id", "timestamp");
  thread_local simdjson::dom::parser parser;
  simdjson::dom::element problem;
  require(parser.parse(text).get(problem) == simdjson::SUCCESS);
  std::string_view field;
  require(problem["field"].get(field) == simdjson::SUCCESS && !field.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const http::Route& route : http::routes()) {
    http::Exchange exchange;
    exchange.parameter = "AAPL";
    exchange.body = text;
    exchange.content_type = "application/json";
    check(http::Input::read(exchange, route), route.path);
  }

  const std::string_view target = text.substr(0, text.find('\n'));
  const std::string_view path = target.substr(0, target.find('?'));
  const std::string_view query =
      path.size() < target.size() ? target.substr(path.size() + 1) : std::string_view{};
  const http::Match found = http::match(http::Method::get, path, {});
  if (found.route != nullptr && found.route->path == "/api/v1/predict/{symbol}") {
    require(!found.parameter.empty() && found.parameter.find('/') == std::string_view::npos);
    const auto request = http::request_from_query(found.parameter, query, *found.route);
    check(request, path);
    if (!request) return 0;
    require(request->days >= 1 && request->days <= domain::ForecastKey::kMaxHorizon);
    // A valid symbol is its own spelling: it can be asked for again.
    require(domain::Symbol::parse(request->symbol.text()) == request->symbol);
  }
  for (const http::Route& route : http::routes()) {
    http::Exchange exchange;
    exchange.parameter = path;
    exchange.query = query;
    exchange.body = "{}";
    exchange.content_type = "application/json";
    check(http::Input::read(exchange, route), route.path);
  }
  if (const auto plain = http::percent_decode(text, true)) require(plain->size() <= text.size());
  if (const auto id = http::RequestId::accept(text)) require(id->text() == text);
  return 0;
}
