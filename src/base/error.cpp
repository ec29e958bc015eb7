#include <array>

#include "base/format.h"
#include "base/result.h"
#include "base/text.h"

namespace ara {
namespace {

constexpr std::array kCodes{
    CodeRow{Code::invalid, 422, 2, "ValidationError", "The request is not valid"},
    CodeRow{Code::not_found, 404, 3, "NotFound", "There is no such thing"},
    CodeRow{Code::unsupported, 501, 4, "NotSupported", "This is not offered here"},
    CodeRow{Code::conflict, 409, 5, "Conflict", "This contradicts what is stored"},
    CodeRow{Code::unauthorized, 401, 10, "Unauthorized", "Credentials are needed"},
    CodeRow{Code::forbidden, 403, 11, "Forbidden", "This account may not do this"},
    CodeRow{Code::rate_limited, 429, 6, "RateLimitExceeded", "Too many requests"},
    CodeRow{Code::too_large, 413, 2, "TooLarge", "This is more than the limit"},
    CodeRow{Code::media_type, 415, 2, "UnsupportedMediaType", "The body is of another media type"},
    CodeRow{Code::overloaded, 503, 6, "Overloaded", "Too busy to answer in time"},
    CodeRow{Code::deadline, 503, 6, "DeadlineExceeded", "Not done in the time allowed"},
    CodeRow{Code::unavailable, 503, 7, "Unavailable", "A part this needs cannot be reached"},
    CodeRow{Code::io, 500, 8, "StorageError", "A file or disk failed"},
    CodeRow{Code::corrupt, 500, 8, "CorruptData", "Stored data fails its checks"},
    CodeRow{Code::internal, 500, 9, "InternalError", "A defect of this service"},
};

constexpr bool table_matches_enum() {
  for (std::size_t i = 0; i < kCodes.size(); ++i) {
    if (kCodes[i].code != static_cast<Code>(i)) return false;
  }
  return kCodes.back().code == Code::internal;
}
static_assert(table_matches_enum(), "one row for each code, in the order of the enum");

}  // namespace

const CodeRow& describe(Code code) {
  return kCodes[static_cast<std::size_t>(code)];
}

std::span<const CodeRow> codes() {
  return kCodes;
}

std::unexpected<Error> fail(Code code, std::string message) {
  return std::unexpected(Error{code, std::move(message), {}, {}, {}});
}

std::unexpected<Error> invalid(std::string_view field, std::string_view value,
                               std::string_view allowed) {
  std::string shown = printable(value);
  std::string message = std::string(field) + ": '" + shown + "' is not allowed; " + "expected " +
                        std::string(allowed);
  return std::unexpected(Error{Code::invalid, std::move(message), std::string(field),
                               std::move(shown), std::string(allowed)});
}

std::string printable(std::string_view text, std::size_t limit) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const auto lead = static_cast<unsigned char>(text[0]);
    const bool escape = length == 0 || lead < 0x20 || lead == 0x7F;
    const std::string piece =
        escape ? ara::format("\\x{:02x}", lead) : std::string(text.substr(0, length));
    if (out.size() + piece.size() > limit) break;
    out += piece;
    text.remove_prefix(escape ? 1 : length);
  }
  if (!text.empty()) out += "…";
  return out;
}

}  // namespace ara
