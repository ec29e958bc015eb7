#pragma once

#include <string_view>

#include "base/result.h"
#include "http/routes.h"
#include "serve/forecast_request.h"

namespace ara::http {

/// The request of the GET form: the symbol as it stands in the path, still percent-encoded, and the
/// query string. Code::invalid names what is wrong.
Result<serve::ForecastRequest> request_from_query(std::string_view symbol, std::string_view query,
                                                  const Route& route);

/// The request of the POST form: one JSON object. Members that are not known are passed over, as
/// clients of the original may send more. Code::invalid names the member, or "body".
Result<serve::ForecastRequest> request_from_json(std::string_view body);

}  // namespace ara::http
