// ara doctor
#include <memory>

#include "base/format.h"
#include "cli/commands.h"
#include "cli/doctor_report.h"
#include "cli/evaluate.h"
#include "cli/output.h"
#include "cli/table.h"
#include "doctor/fetch.h"
#include "doctor/look.h"

namespace ara::cli {
namespace {

constexpr int kMostSeconds = 3600;
constexpr int kMostSlo = 600'000;
constexpr int kMostCapacity = 1'000'000'000;

struct DoctorOptions {
  std::string urls;
  std::string seconds = "10";
  std::string slo_ms = "2000";
  std::string capacity;
  bool json = false;
  bool rules = false;
};

Result<std::vector<std::string>> urls_of(const std::string& text, const config::Config& config) {
  std::string_view rest = text;
  std::vector<std::string> urls;
  const std::string own = config.own_url();
  if (rest.empty()) rest = own;
  for (;;) {
    const auto comma = rest.find(',');
    auto url = doctor::base_url(std::string(rest.substr(0, comma)));
    if (!url) return std::unexpected(url.error());
    urls.push_back(std::move(*url));
    if (comma == std::string_view::npos) return urls;
    rest.remove_prefix(comma + 1);
  }
}

Result<doctor::LookOptions> look_options(const DoctorOptions& options,
                                         const config::Config& config) {
  doctor::LookOptions look;
  auto urls = urls_of(options.urls, config);
  if (!urls) return std::unexpected(urls.error());
  look.urls = std::move(*urls);
  const auto seconds = parse_bounded("seconds", options.seconds, 1, kMostSeconds);
  if (!seconds) return std::unexpected(seconds.error());
  look.span = std::chrono::seconds(*seconds);
  const auto slo = parse_bounded("slo-ms", options.slo_ms, 1, kMostSlo);
  if (!slo) return std::unexpected(slo.error());
  look.goals.p95_seconds = static_cast<double>(*slo) / 1000;
  if (!options.capacity.empty()) {
    const auto capacity = parse_bounded("capacity", options.capacity, 1, kMostCapacity);
    if (!capacity) return std::unexpected(capacity.error());
    look.goals.requests_per_minute = static_cast<double>(*capacity);
  }
  look.store = config.store_place();
  const config::Limits limits = config::read_limits();
  look.machine = {limits.cores, static_cast<double>(limits.memory_bytes)};
  look.sizes = {.api_workers = config.api_workers,
                .max_workers = config.max_workers,
                .cache_size_mb = config.cache_size_mb,
                .postgres_connections = config.postgres_connections,
                .fleet_nodes = config.fleet_nodes,
                .cache_ttl_seconds = config.cache_ttl_seconds,
                .replicated = config.postgres_hosts.size() > 1};
  return look;
}

std::string table_of_rules() {
  Table table({{"Finding"}, {"Section"}, {"Found where"}});
  for (const doctor::Rule& rule : doctor::rules()) {
    table.add({{std::string(rule.name), "1"},
               {std::string(to_string(rule.section))},
               {std::string(rule.when)}});
  }
  return table.render(standard_output().colour);
}

int examine(const DoctorOptions& options, const config::Config& config) {
  if (options.rules) return emit_or_report(table_of_rules());
  const auto asked = look_options(options, config);
  if (!asked) return report(asked.error());
  const doctor::Facts facts = doctor::look(*asked);
  const auto findings = doctor::find_all(facts);
  const int written =
      emit_or_report(options.json ? doctor_json(facts, findings)
                                  : doctor_text(facts, findings, standard_output()));
  if (written != 0) return written;
  return findings.empty() ? 0 : kFindingsStatus;
}

}  // namespace

std::function<int()> enrol_doctor(CLI::App& app, Context& context) {
  const auto options = std::make_shared<DoctorOptions>();
  app.add_option("--url", options->urls,
                 "Servers to look at, commas between [the one of API_HOST and API_PORT]")
      ->type_name("URL,…");
  app.add_option("--seconds", options->seconds, "How long to look [" + options->seconds + "]")
      ->type_name("N");
  app.add_option("--slo-ms", options->slo_ms,
                 "How long 95 % of the answers may take [" + options->slo_ms + "]")
      ->type_name("MS");
  app.add_option("--capacity", options->capacity,
                 "Requests a minute that one server can do, where that was measured")
      ->type_name("N");
  app.add_flag("--rules", options->rules, "What can be found, and when; looks at nothing");
  app.add_flag("--json", options->json, "JSON");
  app.footer(ara::format("The exit status is {} where something was found, 0 where nothing was.",
                         kFindingsStatus));
  return [options, &context] { return examine(*options, context.config); };
}

}  // namespace ara::cli
