#include <array>

#include "storage/store.h"

namespace ara::storage {
namespace {

struct Backend {
  std::string_view scheme;
  /// Given the whole of SCHEME://PLACE, and what follows the mark.
  Result<std::unique_ptr<Store>> (*open)(const std::string& uri, const std::string& place,
                                         const StoreOptions& options);
};

constexpr std::array kBackends{
    Backend{"sqlite", [](const std::string&, const std::string& place,
                         const StoreOptions&) { return open_sqlite(place); }},
    Backend{"postgresql", [](const std::string& uri, const std::string&,
                             const StoreOptions& options) { return open_postgres(uri, options); }},
};

}  // namespace

Result<std::unique_ptr<Store>> open(const std::string& place, const StoreOptions& options) {
  constexpr std::string_view kMark = "://";
  const std::size_t mark = place.find(kMark);
  if (mark == std::string::npos) return open_sqlite(place);
  std::string allowed = "a path, or one of";
  for (const Backend& backend : kBackends) {
    if (place.substr(0, mark) == backend.scheme)
      return backend.open(place, place.substr(mark + kMark.size()), options);
    allowed += " " + std::string(backend.scheme) + "://…";
  }
  return invalid("store", place, allowed);
}

}  // namespace ara::storage
