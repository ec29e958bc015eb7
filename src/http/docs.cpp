#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/text.h"
#include "http/app.h"
#include "http/assets.h"
#include "http/problem.h"
#include "http/resources.h"

namespace ara::http {
namespace {

/// The ways in which an asset is sent; the first that a client takes is used.
struct Coding {
  std::string_view name;
  std::string_view Asset::* bytes;
};
constexpr std::array kCodings{Coding{"br", &Asset::brotli}, Coding{"gzip", &Asset::gzip}};

/// Whether an Accept-Encoding takes a coding (RFC 9110, section 12.5.3): named, and not with q=0.
bool takes(std::string_view accepted, std::string_view coding) {
  while (!accepted.empty()) {
    const std::size_t comma = std::min(accepted.find(','), accepted.size());
    const std::string_view one = trim(accepted.substr(0, comma));
    accepted.remove_prefix(std::min(accepted.size(), comma + 1));
    const std::size_t semicolon = one.find(';');
    if (to_lower(trim(one.substr(0, semicolon))) != coding) continue;
    if (semicolon == std::string_view::npos) return true;
    std::string_view weight = trim(one.substr(semicolon + 1));
    if (!weight.starts_with("q=")) return true;
    return parse_double(weight.substr(2)).value_or(1) > 0;
  }
  return false;
}

/// An asset in one coding as the shared body that answers are made of; one copy for the process.
struct Ready {
  std::string_view coding;
  std::shared_ptr<const std::string> body;
};

std::vector<std::vector<Ready>> make_ready() {
  std::vector<std::vector<Ready>> all;
  for (const Asset& asset : assets()) {
    std::vector<Ready> forms;
    for (const Coding& coding : kCodings) {
      const std::string_view bytes = asset.*coding.bytes;
      if (!bytes.empty()) {
        forms.push_back({coding.name, std::make_shared<const std::string>(bytes)});
      }
    }
    forms.push_back({{}, std::make_shared<const std::string>(asset.plain)});
    all.push_back(std::move(forms));
  }
  return all;
}

std::optional<Reply> get_asset(App& app, Exchange& exchange) {
  static const std::vector<std::vector<Ready>> ready = make_ready();
  static const std::string kAcceptEncoding = "accept-encoding";
  const auto asset = std::ranges::find(assets(), exchange.parameter, &Asset::name);
  if (asset == assets().end()) {
    return problem(app, exchange,
                   Error{Code::not_found, "There is no such file", "file",
                         printable(exchange.parameter), "a file that GET /docs names"});
  }
  const auto& forms = ready[static_cast<std::size_t>(asset - assets().begin())];
  const auto form = std::ranges::find_if(forms, [&](const Ready& one) {
    return one.coding.empty() || takes(exchange.header(kAcceptEncoding), one.coding);
  });
  // Each coding is other bytes, so it has a tag of its own.
  const std::string tag = "\"" + std::string(asset->name) +
                          (form->coding.empty() ? "" : "." + std::string(form->coding)) + "\"";
  Reply reply{
      .content_type = asset->media_type, .headers = "etag: " + tag, .body = {}, .shared = {}};
  reply.headers +=
      "\r\ncache-control: public, max-age=31536000, immutable\r\nvary: accept-encoding\r\n";
  if (trim(exchange.if_none_match) == tag) {
    reply.status = 304;
    return reply;
  }
  if (!form->coding.empty()) {
    reply.headers += "content-encoding: " + std::string(form->coding) + "\r\n";
  }
  reply.shared = form->body;
  return reply;
}

std::optional<Reply> get_docs(App&, Exchange&) {
  // The page loads nothing from elsewhere; the library it uses sets styles on elements.
  return Reply{.content_type = "text/html; charset=utf-8",
               .headers =
                   "cache-control: no-cache\r\n"
                   "content-security-policy: default-src 'none'; script-src 'self'; "
                   "style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src "
                   "'self'; base-uri 'none'; frame-ancestors 'none'\r\n",
               .body = std::string(docs_page()),
               .shared = {}};
}

}  // namespace

Resource docs_resource() {
  return {.tag = "about",
          .about = "What this is",
          .routes = {{.path = "/docs",
                      .access = Access::open,
                      .feature = Feature::docs,
                      .summary = "This description, to read and to try",
                      .parameters = {},
                      .media_type = "text/html",
                      .schema = {},
                      .failures = {},
                      .fast = get_docs},
                     {.path = "/static/{file}",
                      .access = Access::open,
                      .feature = Feature::docs,
                      .summary = "The files of the pages; their names change with their bytes",
                      .parameters = {{.name = "file",
                                      .in = In::path,
                                      .type = "string",
                                      .description = "As a page names it",
                                      .required = true,
                                      .minimum = 1,
                                      .maximum = 128}},
                      .media_type = "*/*",
                      .schema = {},
                      .failures = {304, 404},
                      .fast = get_asset}},
          .schemas = {}};
}

}  // namespace ara::http
