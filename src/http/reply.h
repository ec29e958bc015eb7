#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "http/exchange.h"
#include "http/input.h"
#include "http/json.h"
#include "http/routes.h"

/// What resources answer with, and the two inputs of those that list something.
namespace ara::http {

/// Kept by no cache: it belongs to an account, or states a moment.
Reply private_reply(const JsonDocument& document, int status = 200);

/// {"status": …}, as the paths under /health answer.
Reply status_reply(std::string_view status);

/// Kept by caches that ask again each time.
Reply fresh_reply(const JsonDocument& document);

/// `page` and `page_size` of a request whose route has page_parameters().
struct Page {
  explicit Page(const Input& input);

  std::size_t offset() const { return static_cast<std::size_t>((number - 1) * size); }
  std::size_t limit() const { return static_cast<std::size_t>(size); }

  /// Of `total` rows: writes total (under the name `total_name`), page and page_size.
  void write(JsonObject& top, std::size_t total, std::string_view total_name = "total") const;

  std::int64_t number = 1;  ///< from 1
  std::int64_t size = 1;    ///< most rows on it
};

/// `rest`, then page and page_size. `rows` describes the latter ("Jobs on a page") and `size` is
/// its default; both are literals.
std::vector<Parameter> with_pages(std::vector<Parameter> rest, std::string_view rows, double most,
                                  std::string_view size);

}  // namespace ara::http
