#pragma once

#include <string_view>

#include "base/result.h"
#include "http/input.h"
#include "http/routes.h"
#include "serve/forecast_request.h"

namespace ara::http {

/// The request of the GET form: the symbol as it stands in the path, still percent-encoded, and the
/// query string. Code::invalid names what is wrong.
Result<serve::ForecastRequest> request_from_query(std::string_view symbol, std::string_view query,
                                                  const Route& route);

/// A request for `symbol` with the options of a checked body.
serve::ForecastRequest request_with(const Input& input, domain::Symbol symbol);
/// The request of the POST form, from its checked body.
Result<serve::ForecastRequest> request_from_input(const Input& input);

}  // namespace ara::http
