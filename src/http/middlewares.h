#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "http/app.h"
#include "http/exchange.h"

namespace ara::http {

/// Something done to every request. `before` runs in the order of the list and may answer; `after`
/// runs in the reverse order on every reply, whoever made it.
struct Middleware {
  std::string_view name;
  std::string_view why_here;
  std::optional<Reply> (*before)(App& app, Exchange& exchange) = nullptr;
  void (*after)(App& app, const Exchange& exchange, Reply& reply) = nullptr;
};

/// Answers a request whose header can be read in two ways (Exchange::unsound): 400.
std::optional<Reply> refuse_unsound(App& app, Exchange& exchange);

/// Exchange::unsound of what the library has cut out of the bytes behind such a request, which no
/// one sent as such.
inline constexpr std::string_view kLeftOver =
    "The header of the request before could be read in two ways";

/// What is wrong with its header, for that answer.
Error unsound_header(const Exchange& exchange);

/// Answers are data, not pages; one that is a page brings its own policy.
void add_secure_headers(Reply& reply);

/// All of them, outermost first.
std::span<const Middleware> middlewares();

}  // namespace ara::http
