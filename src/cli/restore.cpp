// ara restore
#include <memory>

#include "base/format.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "storage/backup.h"

namespace ara::cli {
namespace {

struct RestoreOptions {
  std::string file;
  bool force = false;
};

Result<std::string> restore(const RestoreOptions& options, const config::Config& config) {
  const auto report = storage::restore(options.file, config.store_place(), options.force);
  if (!report) return std::unexpected(report.error());
  return ara::format("{} rows of {} tables restored and compared\n", report->rows(),
                     report->tables.size());
}

}  // namespace

std::function<int()> enrol_restore(CLI::App& app, Context& context) {
  const auto options = std::make_shared<RestoreOptions>();
  app.add_option("FILE", options->file, "What `ara backup` has made")->required();
  app.add_flag("--force", options->force, "Even where the store holds rows, which are lost");
  return [options, &context] { return emit_or_report(restore(*options, context.config)); };
}

}  // namespace ara::cli
