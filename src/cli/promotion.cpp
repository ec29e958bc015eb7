#include "cli/promotion.h"

#include <sys/resource.h>

#include "registry/lineup.h"
#include "serve/carry_over.h"

namespace ara::cli {
namespace {

constexpr std::chrono::seconds kPatience{30};
constexpr int kNice = 10;

}  // namespace

Result<void> prepare(storage::Store& store, const registry::Shelf& shelf,
                     const registry::Version& heir) {
  // What serves on this machine goes first; a kernel that refuses leaves all as it was.
  (void)setpriority(PRIO_PROCESS, 0, kNice);
  const auto now = registry::Lineup::read(store, shelf, Call{});
  if (!now) return std::unexpected(now.error());
  const auto next = now->with(registry::to_row(heir), shelf);
  if (!next) return std::unexpected(next.error());
  const auto made =
      serve::carry_over(store, *now, *next, Deadline::after(kPatience), system_clock());
  if (!made) return std::unexpected(made.error());
  return {};
}

}  // namespace ara::cli
