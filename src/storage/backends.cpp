#include <array>

#include "storage/backup.h"
#include "storage/inspect.h"
#include "storage/store.h"
#include "storage/traced.h"

namespace ara::storage {
namespace {

struct Backend {
  std::string_view scheme;
  /// Given the whole of SCHEME://PLACE, and what follows the mark.
  Result<std::unique_ptr<Store>> (*open)(const std::string& uri, const std::string& place,
                                         const StoreOptions& options);
  Result<BackupReport> (*back_up)(const std::string& uri, const std::string& place,
                                  const std::string& file);
  Result<BackupReport> (*restore)(const std::string& file, const std::string& uri,
                                  const std::string& place, bool force);
  Result<void> (*note_backup)(const std::string& uri, const std::string& place, WallTime when);
  Result<StoreLook> (*inspect)(const std::string& uri, const std::string& place,
                               const InspectOptions& options, const Call& call);
};

constexpr std::array kBackends{
    Backend{
        "sqlite",
        [](const std::string&, const std::string& place, const StoreOptions& options) {
          return open_sqlite(place, options.meters);
        },
        [](const std::string&, const std::string& place, const std::string& file) {
          return back_up_sqlite(place, file);
        },
        [](const std::string& file, const std::string&, const std::string& place, bool force) {
          return restore_sqlite(file, place, force);
        },
        [](const std::string&, const std::string& place, WallTime when) {
          return note_backup_sqlite(place, when);
        },
        [](const std::string&, const std::string& place, const InspectOptions& options,
           const Call& call) { return inspect_sqlite(place, options, call); },
    },
    Backend{
        "postgresql",
        [](const std::string& uri, const std::string&, const StoreOptions& options) {
          return open_postgres(uri, options);
        },
        [](const std::string& uri, const std::string&, const std::string& file) {
          return back_up_postgres(uri, file);
        },
        [](const std::string& file, const std::string& uri, const std::string&, bool force) {
          return restore_postgres(file, uri, force);
        },
        [](const std::string& uri, const std::string&, WallTime when) {
          return note_backup_postgres(uri, when);
        },
        [](const std::string& uri, const std::string&, const InspectOptions& options,
           const Call& call) { return inspect_postgres(uri, options, call); },
    },
};

struct Chosen {
  const Backend* backend;
  std::string place;  ///< what follows the mark
};

Result<Chosen> choose(const std::string& place) {
  constexpr std::string_view kMark = "://";
  const std::size_t mark = place.find(kMark);
  if (mark == std::string::npos) return Chosen{kBackends.data(), place};
  std::string allowed = "a path, or one of";
  for (const Backend& backend : kBackends) {
    if (place.substr(0, mark) == backend.scheme) {
      return Chosen{&backend, place.substr(mark + kMark.size())};
    }
    allowed += " " + std::string(backend.scheme) + "://…";
  }
  return invalid("store", place, allowed);
}

}  // namespace

Result<std::unique_ptr<Store>> open(const std::string& place, const StoreOptions& options) {
  return choose(place).and_then([&](const Chosen& chosen) {
    return chosen.backend->open(place, chosen.place, options)
        .transform([&](std::unique_ptr<Store> store) {
          return traced(std::move(store), chosen.backend->scheme);
        });
  });
}

Result<BackupReport> back_up(const std::string& place, const std::string& file) {
  return choose(place).and_then(
      [&](const Chosen& chosen) { return chosen.backend->back_up(place, chosen.place, file); });
}

Result<BackupReport> restore(const std::string& file, const std::string& place, bool force) {
  return choose(place).and_then([&](const Chosen& chosen) {
    return chosen.backend->restore(file, place, chosen.place, force);
  });
}

Result<void> note_backup(const std::string& place, WallTime when) {
  return choose(place).and_then(
      [&](const Chosen& chosen) { return chosen.backend->note_backup(place, chosen.place, when); });
}

Result<StoreLook> inspect(const std::string& place, const InspectOptions& options,
                          const Call& call) {
  return choose(place).and_then([&](const Chosen& chosen) {
    return chosen.backend->inspect(place, chosen.place, options, call);
  });
}

}  // namespace ara::storage
