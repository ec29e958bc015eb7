#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "accounts/principal.h"
#include "base/clock.h"
#include "http/request_id.h"
#include "serve/forecast_request.h"
#include "telemetry/tracer.h"

namespace ara::http {

struct Route;

/// HEAD is a GET whose body is not sent; whatever else a client may name is `other`.
enum class Method { get, post, put, patch, remove, other };

/// As it stands in a request, e.g. "DELETE".
std::string_view to_string(Method method);

/// The header lines of a request and the address it came from, looked up where the server library
/// keeps them.
struct Headers {
  const void* source = nullptr;
  std::string_view (*find)(const void* source, const std::string& lower_case_name) = nullptr;
  std::string (*peer)(const void* source) = nullptr;
};

/// What is sent back. Header lines are complete ("name: value\r\n"), names in lower case; the
/// length, the date and the request id are added by others.
struct Reply {
  int status = 200;
  std::string_view content_type = "application/json";  ///< a literal
  std::string headers;
  std::string body;
  std::shared_ptr<const std::string> shared;  ///< if set, this is the body

  std::string_view bytes() const { return shared ? std::string_view(*shared) : body; }
};

/// One request and what the middlewares and the router found out about it. The views belong to the
/// request that `owner` keeps alive once the exchange outlives the call that made it.
struct Exchange {
  Method method = Method::get;
  bool head = false;
  std::string_view path;   ///< as sent, still percent-encoded
  std::string_view query;  ///< as sent, without '?'
  std::string_view body;
  std::string_view content_type;
  std::string_view if_none_match;
  std::string_view given_request_id;
  /// Why its header could be read in two ways (framing.h); it is refused then, and its connection
  /// ended. Empty for what is sound.
  std::string unsound;
  Headers headers;
  std::shared_ptr<const void> owner;

  /// A header by its name in lower case; empty where it was not sent.
  std::string_view header(const std::string& lower_case_name) const {
    return headers.find == nullptr ? std::string_view{}
                                   : headers.find(headers.source, lower_case_name);
  }
  /// The address at the other end of the connection, which may be a proxy's.
  std::string peer_address() const {
    return headers.peer == nullptr ? std::string() : headers.peer(headers.source);
  }

  RequestId id;
  telemetry::TraceHead trace;
  std::shared_ptr<telemetry::Trace> spans;  ///< null on the fast lane
  SteadyTime begun{};
  Deadline deadline;
  const Route* route = nullptr;  ///< null where no path matches
  std::string_view parameter;    ///< the path's one variable segment, still percent-encoded
  /// Who asks; set for every route that is not open, and on an open server for all.
  std::optional<accounts::Principal> principal;
  std::optional<accounts::Admission> admission;  ///< what is left of the principal's limits
  bool waits_for_accounts = false;               ///< they were not looked at for too long
  bool waited_for_accounts = false;
  bool waits_for_quota = false;  ///< another server may lend some: await_quota
  std::optional<serve::ForecastRequest> forecast;
  std::shared_ptr<void> carried;  ///< what a fast handler leaves to its slow one
  bool answered = false;          ///< of the slow lane; read and set atomically
};

}  // namespace ara::http
