// ara backup
#include "storage/backup.h"

#include <algorithm>
#include <filesystem>
#include <memory>

#include "base/clock.h"
#include "base/format.h"
#include "cli/commands.h"
#include "cli/evaluate.h"
#include "cli/output.h"

namespace ara::cli {
namespace {

namespace fs = std::filesystem;

constexpr int kMostKept = 100'000;
constexpr std::string_view kPrefix = "ara-";
constexpr std::string_view kEnding = ".backup";

struct BackupOptions {
  std::string file;
  std::string keep = "48";  ///< a day's, one each half hour
  bool record = false;      ///< make none
};

/// "ara-20261124T060622125Z.backup": in the order of time by name.
std::string file_name(WallTime now) {
  std::string name(kPrefix);
  for (const char c : to_rfc3339(now)) {
    if (c != '-' && c != ':' && c != '.') name += c;
  }
  return name + std::string(kEnding);
}

/// Deletes all but the newest backups of the folder; how many.
Result<std::size_t> prune(const fs::path& folder, std::size_t keep) {
  std::vector<fs::path> found;
  std::error_code failure;
  for (fs::directory_iterator at(folder, failure), end; !failure && at != end;
       at.increment(failure)) {
    const std::string name = at->path().filename().string();
    if (name.starts_with(kPrefix) && name.ends_with(kEnding)) found.push_back(at->path());
  }
  std::ranges::sort(found, std::ranges::greater());
  std::size_t deleted = 0;
  for (std::size_t i = keep; i < found.size() && !failure; ++i, ++deleted) {
    fs::remove(found[i], failure);
  }
  if (failure) return fail(Code::io, "cannot delete old backups: " + failure.message());
  return deleted;
}

/// What was made is noted, from which all servers of the store tell ara_backup_age_seconds.
Result<void> note(const std::string& place, const std::string& file, WallTime when) {
  auto noted = storage::note_backup(place, when);
  // A store of an older version can be backed up before it is brought up.
  if (noted || noted.error().code == Code::unsupported) return {};
  return fail(noted.error().code,
              ara::format("{} is whole, but the store could not be told of it: {}", file,
                          noted.error().message));
}

Result<std::string> record(const config::Config& config) {
  const WallTime now = system_clock().now();
  return storage::note_backup(config.store_place(), now).transform([&] {
    return ara::format("recorded: a backup was made at {}\n", to_rfc3339(now));
  });
}

Result<std::string> back_up(const BackupOptions& options, const config::Config& config) {
  const auto keep = parse_bounded("keep", options.keep, 1, kMostKept);
  if (!keep) return std::unexpected(keep.error());
  const fs::path folder = fs::path(config.home) / "backups";
  fs::path file = options.file;
  if (options.file.empty()) {
    std::error_code failure;
    fs::create_directories(folder, failure);
    if (!failure) fs::permissions(folder, fs::perms::owner_all, failure);
    if (failure) return fail(Code::io, "cannot make " + folder.string() + ": " + failure.message());
    file = folder / file_name(system_clock().now());
  }
  const WallTime begun = system_clock().now();
  const auto report = storage::back_up(config.store_place(), file.string());
  if (!report) return std::unexpected(report.error());
  const auto noted = note(config.store_place(), file.string(), begun);
  if (!noted) return std::unexpected(noted.error());
  std::string said = ara::format("{}: {} rows of {} tables, verified\n", file.string(),
                                 report->rows(), report->tables.size());
  if (options.file.empty()) {
    const auto deleted = prune(folder, static_cast<std::size_t>(*keep));
    if (!deleted) return std::unexpected(deleted.error());
    if (*deleted > 0) said += ara::format("{} older ones deleted\n", *deleted);
  }
  return said;
}

}  // namespace

std::function<int()> enrol_backup(CLI::App& app, Context& context) {
  const auto options = std::make_shared<BackupOptions>();
  auto* const file = app.add_option("FILE", options->file,
                                    "Where to; else a new file in backups/ of the home folder");
  auto* const keep = app.add_option(
      "--keep", options->keep,
      "How many to keep in that folder [" + options->keep + "]; the oldest are deleted");
  keep->type_name("N");
  app.add_flag("--record", options->record,
               "Make none: only record that another tool, as pgBackRest, has just made one")
      ->excludes(file, keep);
  return [options, &context] {
    return emit_or_report(options->record ? record(context.config)
                                          : back_up(*options, context.config));
  };
}

}  // namespace ara::cli
