#include "http/reply.h"

namespace ara::http {

Reply private_reply(const JsonDocument& document, int status) {
  return {.status = status,
          .headers = "cache-control: no-store\r\n",
          .body = document.write(),
          .shared = {}};
}

Reply status_reply(std::string_view status) {
  JsonDocument document;
  document.top().text("status", status);
  return private_reply(document);
}

Reply fresh_reply(const JsonDocument& document) {
  return {.headers = "cache-control: no-cache\r\n", .body = document.write(), .shared = {}};
}

Page::Page(const Input& input) : number(input.integer("page")), size(input.integer("page_size")) {}

void Page::write(JsonObject& top, std::size_t total, std::string_view total_name) const {
  top.integer(total_name, static_cast<std::int64_t>(total))
      .integer("page", number)
      .integer("page_size", size);
}

std::vector<Parameter> with_pages(std::vector<Parameter> rest, std::string_view rows, double most,
                                  std::string_view size) {
  rest.push_back({.name = "page",
                  .type = "integer",
                  .description = "From 1",
                  .minimum = 1,
                  .maximum = 1e9,
                  .default_value = "1"});
  rest.push_back({.name = "page_size",
                  .type = "integer",
                  .description = rows,
                  .minimum = 1,
                  .maximum = most,
                  .default_value = size});
  return rest;
}

}  // namespace ara::http
