// ara monitoring
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

#include "base/format.h"
#include "cli/commands.h"
#include "cli/evaluate.h"
#include "cli/monitoring_setup.h"
#include "cli/output.h"

namespace ara::cli {
namespace {

namespace fs = std::filesystem;

struct SetupOptions {
  std::string out = "monitoring";
  bool force = false;
  MonitoringOptions fit;
};

/// What a file holds; nothing where there is none.
std::optional<std::string> read_whole(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  return std::string{std::istreambuf_iterator<char>(in), {}};
}

/// Those of the files that are there already and hold something else.
std::vector<std::string> different(const fs::path& out, const std::vector<MonitoringFile>& files) {
  std::vector<std::string> names;
  for (const MonitoringFile& file : files) {
    const auto found = read_whole(out / file.path);
    if (found && *found != file.text) names.push_back(file.path);
  }
  return names;
}

std::string next_step(const fs::path& out, const SetupOptions& options) {
  std::string text = ara::format(
      "\nNext:\n"
      "  prometheus --config.file={0}/prometheus.yml\n"
      "  alertmanager --config.file={0}/alertmanager.yml\n"
      "  GF_PATHS_PROVISIONING={1} grafana server\n",
      out.string(), options.fit.grafana);
  if (options.fit.page_webhook.empty()) {
    text += "Nobody is told of a page yet: --page-webhook names who is.\n";
  }
  return text;
}

Result<std::string> set_up(SetupOptions options) {
  std::error_code failure;
  const fs::path out = fs::absolute(options.out, failure).lexically_normal();
  if (failure) return fail(Code::io, options.out + ": " + failure.message());
  if (options.fit.grafana.empty()) options.fit.grafana = (out / "grafana").string();
  const auto files = fit_monitoring(options.fit);
  if (!files) return std::unexpected(files.error());
  if (const auto names = different(out, *files); !names.empty() && !options.force) {
    std::string list;
    for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
    return fail(Code::conflict, ara::format("{} holds other files of these names, which --force "
                                            "replaces: {}",
                                            out.string(), list));
  }
  std::string said = ara::format("Wrote to {}:\n", out.string());
  for (const MonitoringFile& file : *files) {
    fs::create_directories((out / file.path).parent_path(), failure);
    if (failure) return fail(Code::io, "cannot make " + out.string() + ": " + failure.message());
    if (const auto written = write_file((out / file.path).string(), file.text); !written) {
      return std::unexpected(written.error());
    }
    said += "  " + file.path + "\n";
  }
  return said + next_step(out, options);
}

}  // namespace

std::function<int()> enrol_monitoring(CLI::App& app, Context&) {
  app.require_subcommand(1);
  CLI::App* setup = app.add_subcommand(
      "setup", "Write what Prometheus, Alertmanager and Grafana need: rules, alerts, dashboards");
  const auto options = std::make_shared<SetupOptions>();
  const auto add = [&](const char* name, std::string& value, const std::string& help,
                       const char* type) {
    setup->add_option(name, value, value.empty() ? help : help + " [" + value + "]")
        ->type_name(type);
  };
  MonitoringOptions& fit = options->fit;
  add("--out", options->out, "Folder to write to", "DIR");
  setup->add_flag("--force", options->force, "Replace files that hold something else");
  const auto add_list = [&](const char* name, std::vector<std::string>& value, const char* help) {
    setup->add_option(name, value, help)
        ->delimiter(',')
        ->allow_extra_args(false)
        ->type_name("HOST:PORT,…");
  };
  add_list("--targets", fit.targets, "Servers to ask, commas between [localhost:8000]");
  add_list("--workers", fit.workers, "Workers to ask, by their METRICS_PORT, commas between");
  add("--prometheus", fit.prometheus, "Where Grafana finds Prometheus", "URL");
  add("--alertmanager", fit.alertmanager, "Where Prometheus finds Alertmanager", "HOST:PORT");
  add("--grafana", fit.grafana, "Where Grafana sees DIR/grafana, if not there", "PATH");
  add("--page-webhook", fit.page_webhook, "Who is told of pages", "URL");
  add("--ticket-webhook", fit.ticket_webhook, "Who is told of tickets", "URL");
  add("--docs", fit.docs, "What the links to runbooks begin with", "URL");
  add("--availability", fit.availability, "Requests that must not end in a 5xx", "PERCENT");
  add("--latency", fit.latency, "Forecasts that must take 0.5 s at most", "PERCENT");
  add("--requests-per-core", fit.requests_per_core, "What a core was measured to do a second", "N");
  add("--divide-durations", fit.divide_durations,
      "Make every duration shorter, to try the rules out: with 60 an hour is a minute", "N");
  return [options] { return emit_or_report(set_up(*options)); };
}

}  // namespace ara::cli
