// ara backup
#include "storage/backup.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
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

/// Leaves the time of the backup where ara_backup_age_seconds is read from.
Result<void> note_backup(const fs::path& home) {
  const fs::path mark = home / kBackupMark;
  std::error_code failure;
  fs::create_directories(home, failure);
  std::ofstream(mark, std::ios::trunc) << to_rfc3339(system_clock().now()) << '\n';
  if (failure || !fs::exists(mark, failure)) return fail(Code::io, "cannot write " + mark.string());
  return {};
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
  const auto report = storage::back_up(config.store_place(), file.string());
  if (!report) return std::unexpected(report.error());
  if (auto noted = note_backup(config.home); !noted) return std::unexpected(noted.error());
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
  app.add_option("FILE", options->file, "Where to; else a new file in backups/ of the home folder");
  app.add_option("--keep", options->keep,
                 "How many to keep in that folder [" + options->keep + "]; the oldest are deleted")
      ->type_name("N");
  return [options, &context] { return emit_or_report(back_up(*options, context.config)); };
}

}  // namespace ara::cli
