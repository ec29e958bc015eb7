#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>

namespace ara {

/// What went wrong, in kind. error.cpp holds the one table that gives each code its HTTP status,
/// its name on the wire, its title and the exit status of the command line.
enum class Code {
  invalid,       ///< the caller's input is wrong; field, value and allowed say how
  not_found,     ///< the thing named does not exist
  unsupported,   ///< understood, but not offered here
  conflict,      ///< contradicts what is stored
  unauthorized,  ///< who asks is not known, or no longer
  forbidden,     ///< who asks is known, and may not
  rate_limited,  ///< who asks has asked too often; worth trying again later
  too_large,     ///< more than a stated limit
  media_type,    ///< a body of another media type than the one taken
  overloaded,    ///< refused now, worth trying again later
  deadline,      ///< could not be done in the time allowed
  unavailable,   ///< a part this needs cannot be reached
  io,            ///< a file or disk failed
  corrupt,       ///< stored data fails its checks
  internal,      ///< a defect of ours
};

/// An error as a value. `message` is one sentence for a person; for Code::invalid `field` names the
/// input, `value` is what was given (shortened) and `allowed` what would be accepted.
struct Error {
  Code code = Code::internal;
  std::string message;
  std::string field;
  std::string value;
  std::string allowed;
};

template <class T>
using Result = std::expected<T, Error>;

struct CodeRow {
  Code code;
  int http_status;
  int exit_status;
  std::string_view name;   ///< the `error` field on the wire, e.g. "ValidationError"
  std::string_view title;  ///< RFC 9457 `title`
};

/// The row of a code; every code has one.
const CodeRow& describe(Code code);
std::span<const CodeRow> codes();

/// An unexpected Error, to be returned from a function that gives a Result.
std::unexpected<Error> fail(Code code, std::string message);

/// Bad input: the message names the field, the value (cut to 64 characters, control characters
/// escaped) and what is allowed.
std::unexpected<Error> invalid(std::string_view field, std::string_view value,
                               std::string_view allowed);

/// `text` with control characters and invalid bytes escaped, cut at a character so that it takes at
/// most `limit` bytes; an ellipsis follows where something was cut.
std::string printable(std::string_view text, std::size_t limit = 64);

}  // namespace ara
