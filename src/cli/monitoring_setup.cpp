#include "cli/monitoring_setup.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/format.h"
#include "base/text.h"

namespace ara::cli {
namespace {

constexpr long kLeastInterval = 1000;  ///< ms
constexpr long kLeastRange = 4000;     ///< ms

struct Unit {
  std::string_view name;
  long milliseconds;
};
constexpr std::array kUnits{Unit{"ms", 1},        Unit{"s", 1000},       Unit{"m", 60'000},
                            Unit{"h", 3'600'000}, Unit{"d", 86'400'000}, Unit{"w", 604'800'000}};

/// A duration of Prometheus such as 5m or 1h30m, in ms; nothing where the whole text is none.
std::optional<long> parse_duration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  long total = 0;
  while (!text.empty()) {
    const auto digits =
        static_cast<std::size_t>(std::ranges::find_if_not(text, is_digit) - text.begin());
    const auto number = parse_integer(text.substr(0, digits));
    text.remove_prefix(digits);
    const auto letters =
        static_cast<std::size_t>(std::ranges::find_if(text, is_digit) - text.begin());
    const auto unit = std::ranges::find(kUnits, text.substr(0, letters), &Unit::name);
    if (!number || unit == kUnits.end()) return std::nullopt;
    total += static_cast<long>(*number) * unit->milliseconds;
    text.remove_prefix(letters);
  }
  return total;
}

std::string divided(long milliseconds, long divisor, long least) {
  const long value = std::max(milliseconds / divisor, std::min(least, milliseconds));
  return value % 1000 == 0 ? ara::format("{}s", value / 1000) : ara::format("{}ms", value);
}

/// What stands between brackets, "5m" or "5m:1m"; other text as it is.
std::string divided_range(std::string_view inside, long divisor) {
  const std::size_t colon = inside.find(':');
  const auto range = parse_duration(inside.substr(0, colon));
  if (!range) return std::string(inside);
  std::string out = divided(*range, divisor, kLeastRange);
  if (colon == std::string_view::npos) return out;
  const auto step = parse_duration(inside.substr(colon + 1));
  return out + ":" + (step ? divided(*step, divisor, kLeastInterval) : "");
}

std::string divided_line(std::string_view line, long divisor) {
  if (trim(line).starts_with('#')) return std::string(line);
  const std::size_t colon = line.rfind(": ");
  if (colon != std::string_view::npos) {
    if (const auto value = parse_duration(trim(line.substr(colon + 2)))) {
      const bool interval = to_lower(line.substr(0, colon)).ends_with("interval");
      return std::string(line.substr(0, colon + 2)) +
             divided(*value, divisor, interval ? kLeastInterval : 1);
    }
  }
  std::string out;
  while (!line.empty()) {
    const std::size_t open = std::min(line.find('['), line.size());
    const std::size_t close = std::min(line.find(']', open), line.size());
    out += line.substr(0, std::min(open + 1, line.size()));
    if (open < line.size()) out += divided_range(line.substr(open + 1, close - open - 1), divisor);
    line.remove_prefix(close);
  }
  return out;
}

/// A text of a file, which stands there exactly once, and what takes its place.
struct Change {
  std::string_view file;
  std::string_view from;
  std::string to;
};

Result<void> make(std::vector<MonitoringFile>& files, const Change& change) {
  const auto file = std::ranges::find(files, change.file, &MonitoringFile::path);
  if (file == files.end()) return fail(Code::internal, "no file " + std::string(change.file));
  const std::size_t at = file->text.find(change.from);
  if (at == std::string::npos || file->text.find(change.from, at + 1) != std::string::npos) {
    return fail(Code::internal, ara::format("'{}' is not once in {}", change.from, change.file));
  }
  file->text.replace(at, change.from.size(), change.to);
  return {};
}

/// Text that may stand between double quotes, or by itself, in YAML.
Result<void> check_plain(std::string_view option, std::string_view text) {
  const bool plain = std::ranges::all_of(text, [](char c) {
    return c > ' ' && c < 0x7F && c != '"' && c != '\\' && c != '\'' && c != '#';
  });
  if (plain && !text.empty()) return {};
  return invalid(option, text, "printable ASCII without spaces, quotes, # and backslashes");
}

Result<void> check_url(std::string_view option, std::string_view text) {
  if (auto plain = check_plain(option, text); !plain) return plain;
  if (text.starts_with("http://") || text.starts_with("https://")) return {};
  return invalid(option, text, "a URL of http or https");
}

Result<void> check_address(std::string_view option, std::string_view text) {
  if (auto plain = check_plain(option, text); !plain) return plain;
  const std::size_t colon = text.rfind(':');
  const auto port =
      colon == std::string_view::npos ? std::nullopt : parse_integer(text.substr(colon + 1));
  if (port && colon > 0 && *port > 0 && *port < 65536 && !text.contains('/')) return {};
  return invalid(option, text, "HOST:PORT");
}

/// The share of a promise that may be broken, of a percentage such as 99.9.
Result<std::string> budget(std::string_view option, std::string_view percent) {
  const auto value = parse_double(percent);
  if (!value || *value < 50 || *value > 99.999) {
    return invalid(option, percent, "a percentage from 50 to 99.999");
  }
  return ara::format("vector({:.6g})", (100 - *value) / 100);
}

std::string receiver(std::string_view name, std::string_view url) {
  return url.empty()
             ? ara::format("  - name: {}\n", name)
             : ara::format("  - name: {}\n    webhook_configs: [{{url: \"{}\"}}]\n", name, url);
}

Result<void> check(const MonitoringOptions& options) {
  for (const auto& [name, addresses] :
       {std::pair{"targets", &options.targets}, std::pair{"workers", &options.workers}}) {
    for (const std::string& address : *addresses) {
      if (auto good = check_address(name, address); !good) return good;
    }
  }
  if (auto good = check_url("prometheus", options.prometheus); !good) return good;
  if (auto good = check_address("alertmanager", options.alertmanager); !good) return good;
  if (auto good = check_plain("grafana", options.grafana); !good) return good;
  if (auto good = check_plain("docs", options.docs); !good) return good;
  for (const auto& [name, url] : {std::pair{"page-webhook", &options.page_webhook},
                                  std::pair{"ticket-webhook", &options.ticket_webhook}}) {
    if (url->empty()) continue;
    if (auto good = check_url(name, *url); !good) return good;
  }
  return {};
}

std::string list_of(const std::vector<std::string>& targets) {
  std::string list;
  for (const std::string& target : targets) {
    list += ara::format("{}\"{}\"", list.empty() ? "" : ", ", target);
  }
  return list;
}

Result<std::vector<Change>> changes(const MonitoringOptions& options) {
  const auto availability = budget("availability", options.availability);
  if (!availability) return std::unexpected(availability.error());
  const auto latency = budget("latency", options.latency);
  if (!latency) return std::unexpected(latency.error());
  const auto capacity = parse_double(options.requests_per_core);
  if (!capacity || *capacity <= 0 || *capacity > 1e9) {
    return invalid("requests-per-core", options.requests_per_core, "a number above 0");
  }
  const std::string_view host =
      std::string_view(options.prometheus).substr(options.prometheus.find("//") + 2);
  return std::vector<Change>{
      {"targets/ara.yml", "\"api-1:8000\", \"api-2:8000\"", list_of(options.targets)},
      {"targets/workers.yml", "\"worker:8000\"", list_of(options.workers)},
      {"targets/prometheus.yml", "localhost:9090", std::string(host.substr(0, host.find('/')))},
      {"targets/alertmanager.yml", "alertmanager:9093", options.alertmanager},
      {"grafana/datasources/prometheus.yaml", "http://prometheus:9090", options.prometheus},
      {"grafana/dashboards/ara.yaml", "/etc/grafana/provisioning/dashboards",
       options.grafana + "/dashboards"},
      {"alertmanager.yml", "  - name: page\n", receiver("page", options.page_webhook)},
      {"alertmanager.yml", "  - name: ticket\n", receiver("ticket", options.ticket_webhook)},
      {"rules/slo.yml", "vector(0.001)", *availability},
      {"rules/slo.yml", "vector(0.01)", *latency},
      {"rules/recording.yml", "vector(300)", ara::format("vector({:.6g})", *capacity)}};
}

void link_runbooks(std::string& text, std::string_view docs) {
  constexpr std::string_view kLink = "runbook_url: docs/";
  const std::string link = ara::format("runbook_url: {}/", docs);
  for (std::size_t at = text.find(kLink); at != std::string::npos; at = text.find(kLink, at)) {
    text.replace(at, kLink.size(), link);
    at += link.size();
  }
}

}  // namespace

std::string divide_durations(std::string_view yaml, long divisor) {
  std::string out;
  while (!yaml.empty()) {
    const std::size_t end = std::min(yaml.find('\n'), yaml.size());
    out += divided_line(yaml.substr(0, end), divisor);
    if (end < yaml.size()) out += '\n';
    yaml.remove_prefix(std::min(end + 1, yaml.size()));
  }
  return out;
}

Result<std::vector<MonitoringFile>> fit_monitoring(const MonitoringOptions& options) {
  if (const auto good = check(options); !good) return std::unexpected(good.error());
  const auto divisor = parse_integer(options.divide_durations);
  if (!divisor || *divisor < 1 || *divisor > 1000) {
    return invalid("divide-durations", options.divide_durations, "an integer from 1 to 1000");
  }
  std::vector<MonitoringFile> files;
  for (const EmbeddedFile& file : monitoring_files()) {
    files.push_back({std::string(file.path), std::string(file.text)});
  }
  const auto wanted = changes(options);
  if (!wanted) return std::unexpected(wanted.error());
  for (const Change& change : *wanted) {
    if (const auto made = make(files, change); !made) return std::unexpected(made.error());
  }
  for (MonitoringFile& file : files) {
    link_runbooks(file.text, options.docs);
    if (*divisor > 1 && !file.path.ends_with(".json")) {
      file.text = divide_durations(file.text, static_cast<long>(*divisor));
    }
  }
  return files;
}

}  // namespace ara::cli
