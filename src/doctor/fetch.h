#pragma once

#include <chrono>
#include <string>

#include "base/result.h"

namespace ara::doctor {

struct Fetched {
  int status = 0;  ///< of HTTP
  std::string body;
};

/// GET over HTTP or HTTPS, without redirects or a proxy. Code::unavailable where there was no whole
/// answer in that time.
Result<Fetched> fetch(const std::string& url, std::chrono::milliseconds timeout);

/// "http://HOST:PORT" of what a person gave, who may leave out the scheme; Code::invalid for what
/// is no address of a server.
Result<std::string> base_url(const std::string& text);

/// Whether that address is this machine's own.
bool is_local(const std::string& url);

}  // namespace ara::doctor
