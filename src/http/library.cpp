#include "http/library.h"

#include <drogon/HttpAppFramework.h>

#include <algorithm>

#include "base/text.h"
#include "http/framing.h"
#include "http/routes.h"
#include "telemetry/log.h"

namespace ara::http {
namespace {

/// Unanswered requests on one connection, beyond which it is closed.
constexpr std::size_t kPipelined = 128;

/// Where the library would put bodies too large for memory, which we do not let it have. It makes
/// 256 folders there at start; at this place it cannot, says so 256 times, and goes on without.
constexpr const char* kNoUploads = "/dev/null";

/// The library's errors become lines of our log.
void log_from_library(const char* text, std::uint64_t size) {
  const std::string_view line(text, size);
  if (line.contains(std::string("creating path ") + kNoUploads)) return;
  telemetry::log(telemetry::LogLevel::error, trim(line), {{"part", "drogon"}});
}

Method method_of(const drogon::HttpRequest& request) {
  switch (request.method()) {
    case drogon::Get:
    case drogon::Head:
      return Method::get;
    case drogon::Post:
      return Method::post;
    case drogon::Put:
      return Method::put;
    case drogon::Patch:
      return Method::patch;
    case drogon::Delete:
      return Method::remove;
    default:
      return Method::other;
  }
}

std::string_view find_header(const void* source, const std::string& lower_case_name) {
  return header_of(*static_cast<const drogon::HttpRequest*>(source), lower_case_name);
}

std::string peer_address_of(const void* source) {
  return static_cast<const drogon::HttpRequest*>(source)->peerAddr().toIp();
}

/// What makes the header ambiguous, by its own words; empty where it is sound. (Of two lines of the
/// same name the library keeps the first.)
std::string unsound(const drogon::HttpRequest& request) {
  static const std::string kLength = "content-length";
  static const std::string kCoding = "transfer-encoding";
  for (const auto& [name, value] : request.headers()) {
    const std::string_view fault = header_fault(name, value);
    if (!fault.empty()) return "The header '" + printable(name) + "' " + std::string(fault);
  }
  if (request.headers().contains(kCoding) && request.headers().contains(kLength)) {
    return "Content-Length and Transfer-Encoding exclude each other";
  }
  return {};
}

}  // namespace

void set_up_library(const Listening& listening) {
  trantor::Logger::setOutputFunction(log_from_library, [] {});
  drogon::app()
      .setLogLevel(trantor::Logger::kError)
      .setThreadNum(std::max(1U, listening.event_loops))
      .setMaxConnectionNum(listening.max_connections)
      .setIdleConnectionTimeout(static_cast<std::size_t>(listening.idle_timeout.count()))
      .setPipeliningRequestsNumber(kPipelined)
      .setClientMaxBodySize(Route::kLargestBody)
      .setClientMaxMemoryBodySize(Route::kLargestBody)  // so that none goes to a file
      .setUploadPath(kNoUploads)
      .enableServerHeader(false)
      .enableGzip(false)
      .enableBrotli(false)
      .disableSession()
      .disableSigtermHandling()
      .addListener(listening.address, listening.port);
}

std::string_view header_of(const drogon::HttpRequest& request, const std::string& lower_case_name) {
  // Straight from the map: getHeader() would first copy the name and make it lower case.
  const auto& headers = request.headers();
  const auto found = headers.find(lower_case_name);
  return found == headers.end() ? std::string_view{} : found->second;
}

Exchange read_exchange(const drogon::HttpRequest& request) {
  static const std::string kContentType = "content-type";
  static const std::string kIfNoneMatch = "if-none-match";
  static const std::string kRequestId = "x-request-id";
  Exchange exchange;
  exchange.method = method_of(request);
  exchange.head = request.isHead();
  // The original path is set only where the library has decoded something in it.
  exchange.path = request.getOriginalPath().empty() ? request.path() : request.getOriginalPath();
  exchange.query = request.query();
  exchange.body = request.body();
  exchange.given_request_id = header_of(request, kRequestId);
  exchange.unsound = unsound(request);
  exchange.headers = {&request, find_header, peer_address_of};
  if (exchange.method == Method::get) {
    exchange.if_none_match = header_of(request, kIfNoneMatch);
  } else {
    exchange.content_type = header_of(request, kContentType);
  }
  return exchange;
}

drogon::HttpResponsePtr begin_response(const Reply& reply) {
  auto response = drogon::HttpResponse::newHttpResponse(
      static_cast<drogon::HttpStatusCode>(reply.status), drogon::CT_CUSTOM);
  response->setContentTypeCodeAndCustomString(drogon::CT_CUSTOM, reply.content_type);
  return response;
}

drogon::HttpResponsePtr write_response(const Exchange& exchange, Reply reply, bool close) {
  auto response = begin_response(reply);
  // All header lines go in as one: each further one would cost an allocation and a hash. The block
  // is made of our own literals, hexadecimal digits and a request id that has been checked.
  std::string block;
  block.reserve(RequestId::kMaxLength + reply.headers.size() + 2);
  block.append(exchange.id.text()).append("\r\n").append(reply.headers);
  block.resize(block.size() - 2);  // the library ends the last line
  response->addHeader("x-request-id", std::move(block));
  if (close) {
    response->addHeader("connection", "close");
    response->setCloseConnection(true);
  }
  if (reply.status == drogon::k304NotModified || reply.status == drogon::k204NoContent) {
    // Without the library's own lines, of which "content-length: 0" would be wrong here: RFC 9110,
    // section 8.6, allows only the length that a 200 would have, and none for a 204.
    response->setPassThrough(true);
    response->addHeader("date", drogon::utils::getHttpFullDate(trantor::Date::now()));
  } else if (reply.shared) {
    response->setBody(*reply.shared);
  } else {
    response->setBody(std::move(reply.body));
  }
  return response;
}

}  // namespace ara::http
