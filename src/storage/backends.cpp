#include <array>

#include "storage/store.h"

namespace ara::storage {
namespace {

struct Backend {
  std::string_view scheme;
  Result<std::unique_ptr<Store>> (*open)(const std::string& place);
  bool takes_uri;  ///< the whole of it, not only what follows "://"
};

constexpr std::array kBackends{
    Backend{"sqlite", open_sqlite, false},
    Backend{"postgresql", open_postgres, true},
};

}  // namespace

Result<std::unique_ptr<Store>> open(const std::string& place) {
  constexpr std::string_view kMark = "://";
  const std::size_t mark = place.find(kMark);
  if (mark == std::string::npos) return open_sqlite(place);
  std::string allowed = "a path, or one of";
  for (const Backend& backend : kBackends) {
    if (place.substr(0, mark) == backend.scheme)
      return backend.open(backend.takes_uri ? place : place.substr(mark + kMark.size()));
    allowed += " " + std::string(backend.scheme) + "://…";
  }
  return invalid("store", place, allowed);
}

}  // namespace ara::storage
