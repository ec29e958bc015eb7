#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "domain/forecast.h"

namespace ara::serve {

/// Changes whenever the bytes of an equal forecast do; part of the key.
inline constexpr std::uint32_t kEncodingVersion = 3;

/// The body of the GET form: one JSON object in the contract's names, numbers at 10 significant
/// digits, so that equal forecasts are equal bytes. Of confidence, regime and explanations, what is
/// not computed is null and named in `unavailable`. It ends with '}' and its first member is "id",
/// which the POST form relies on.
std::string encode(const domain::Forecast& forecast);

/// The POST form: the same object with `request_id` and `timestamp` spliced in at its end.
std::string with_response_fields(std::string_view body, std::string_view request_id,
                                 std::string_view timestamp);

}  // namespace ara::serve
