#include "http/app.h"
#include "http/problem.h"
#include "http/resources.h"

namespace ara::http {
namespace {

std::optional<Reply> sentiment(App& app, Exchange& exchange) {
  return problem(app, exchange,
                 Error{Code::unsupported,
                       "ARA reads prices, no news and no posts, so it has no sentiment to tell. "
                       "What the market itself says is at /api/v1/market/regime",
                       {},
                       {},
                       {}});
}

}  // namespace

Resource sentiment_resource() {
  return {.tag = "sentiment",
          .about = "What the original offered and ARA does not",
          .routes = {{.path = "/api/v1/market/sentiment",
                      .access = Access::open,
                      .summary = "Not offered: always 501, with the reason",
                      .parameters = {},
                      .success = 501,
                      .media_type = "application/problem+json",
                      .schema = "Problem",
                      .failures = {},
                      .fast = sentiment}},
          .schemas = {}};
}

}  // namespace ara::http
