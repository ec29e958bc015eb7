// Fills a store's registry, for benchmarks: adds candidates for stocks, each a version of its own.
//
//   register_models STORE COUNT MODEL BAND   prints their ids, one a line
#include <cstdio>
#include <string>
#include <vector>

#include "base/text.h"
#include "models/model.h"
#include "registry/version.h"

namespace {

constexpr std::size_t kAtOnce = 1000;

int fail(const ara::Error& error) {
  std::fprintf(stderr, "error: %s\n", error.message.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const auto count = argc == 5 ? ara::parse_integer(argv[2]) : std::nullopt;
  if (!count) {
    std::fprintf(stderr, "usage: register_models STORE COUNT MODEL BAND\n");
    return 2;
  }
  const auto model = ara::models::find_model(argv[3]);
  if (!model) return fail(model.error());
  const auto band = ara::registry::find_band(argv[4]);
  if (!band) return fail(band.error());
  const auto store = ara::storage::open(argv[1]);
  if (!store) return fail(store.error());
  std::vector<ara::storage::ModelVersionRow> rows;
  for (long long i = 0; i < *count; ++i) {
    ara::registry::Version version{.model = std::string((*model)->name), .band = **band};
    version.code = ara::models::version();
    version.seed = static_cast<std::uint64_t>(i);
    version.command = "register_models";
    version.created = version.changed = ara::system_clock().now();
    version.checks.assign(13, {"a check", 0.5, 1, true, "as long as a check's sentence may be"});
    rows.push_back(to_row(version));
    std::printf("%s\n", rows.back().id.c_str());
    if (rows.size() < kAtOnce && i + 1 < *count) continue;
    if (auto put = (*store)->put_models(rows, {}); !put) return fail(put.error());
    rows.clear();
  }
  return 0;
}
