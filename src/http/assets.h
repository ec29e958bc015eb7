#pragma once

#include <span>
#include <string_view>

namespace ara::http {

/// A file under /static/, part of the program. Its name has a hash of its bytes, so that it may be
/// kept for ever. scripts/embed.sh makes the table from web/assets.list.
struct Asset {
  std::string_view name;
  std::string_view media_type;
  std::string_view plain;
  std::string_view gzip;    ///< empty where it would be no smaller
  std::string_view brotli;  ///< likewise
};

std::span<const Asset> assets();

/// The page that shows /openapi.json.
std::string_view docs_page();

}  // namespace ara::http
