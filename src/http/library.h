#pragma once

#include <drogon/HttpRequest.h>
#include <drogon/HttpResponse.h>

#include <chrono>
#include <cstdint>
#include <string>

#include "http/exchange.h"

/// What a server and the port of a worker (side_port.h) have in common of the server library, of
/// which a process has one.
namespace ara::http {

struct Listening {
  std::string address;  ///< as check_listen_address gives it
  std::uint16_t port = 0;
  unsigned event_loops = 1;
  std::size_t max_connections = 0;
  std::chrono::seconds idle_timeout{60};  ///< without a byte
};

/// Before the library runs; its errors become lines of our log.
void set_up_library(const Listening& listening);

/// The views belong to the request.
Exchange read_exchange(const drogon::HttpRequest& request);

/// A header by its name in lower case; empty where it was not sent.
std::string_view header_of(const drogon::HttpRequest& request, const std::string& lower_case_name);

/// Status and content type alone.
drogon::HttpResponsePtr begin_response(const Reply& reply);

/// The whole of it. After it the connection ends, if `close` is true.
drogon::HttpResponsePtr write_response(const Exchange& exchange, Reply reply, bool close);

}  // namespace ara::http
