#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "http/app.h"
#include "http/exchange.h"

namespace ara::http {

/// A kind of problem that only HTTP has; all others come from the table of error codes.
struct ProblemKind {
  int status;
  std::string_view name;  ///< the `error` field
  std::string_view title;
};
inline constexpr ProblemKind kBadRequest{400, "BadRequest", "The request cannot be read"};
inline constexpr ProblemKind kMethodNotAllowed{405, "MethodNotAllowed",
                                               "This path has no such method"};

ProblemKind kind_of(Code code);

/// The RFC 9457 document: type, title, status, detail, instance; and, as clients of the original
/// know them, error, message, request_id, timestamp; for bad input field, value and allowed;
/// `details` is a JSON object, or empty.
std::string encode_problem(const ProblemKind& kind, const Error& error, std::string_view instance,
                           std::string_view request_id, std::string_view timestamp,
                           std::string_view details = {});

/// The document as a reply; nothing is counted or logged.
Reply problem_reply(const Exchange& exchange, const ProblemKind& kind, const Error& error,
                    WallTime now, std::string_view details = {});

/// An error as a reply. A 503 carries Retry-After; a 500 is logged in full and tells the client
/// nothing but its request id.
Reply problem(const App& app, const Exchange& exchange, const Error& error,
              std::string_view details = {});
Reply problem(const App& app, const Exchange& exchange, const ProblemKind& kind, const Error& error,
              std::string_view details = {});

}  // namespace ara::http
