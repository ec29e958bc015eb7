#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// What `ara monitoring setup` writes: the files of deploy/monitoring, made to fit.
namespace ara::cli {

/// A file of deploy/monitoring, which is part of the program: its path from there and what it
/// holds.
struct MonitoringFile {
  std::string path;
  std::string text;
};

/// As they are in deploy/monitoring, where they fit deploy/compose.yaml. scripts/embed_files.sh
/// makes the table.
struct EmbeddedFile {
  std::string_view path;
  std::string_view text;
};
std::span<const EmbeddedFile> monitoring_files();

/// What differs from one fleet to another, as typed.
struct MonitoringOptions {
  std::vector<std::string> targets{"localhost:8000"};  ///< servers, as HOST:PORT
  std::vector<std::string> workers;                    ///< their ports, as HOST:PORT
  std::string prometheus = "http://localhost:9090";    ///< where Grafana finds it
  std::string alertmanager = "localhost:9093";
  std::string grafana;                    ///< where Grafana sees its folder of these files
  std::string page_webhook;               ///< a URL that is told of pages; empty: nobody is
  std::string ticket_webhook;             ///< likewise
  std::string docs = "docs";              ///< what links to runbooks begin with
  std::string availability = "99.9";      ///< percent of requests that are no 5xx
  std::string latency = "99";             ///< percent of forecasts within 0.5 s
  std::string requests_per_core = "300";  ///< a second, as measured
  std::string divide_durations = "1";     ///< for trying the rules out: 60 makes hours minutes
};

/// The files made to fit. Code::invalid names the option.
Result<std::vector<MonitoringFile>> fit_monitoring(const MonitoringOptions& options);

/// `yaml` with every duration divided: values that are one ("for: 5m", "interval: 1m") and what
/// stands in the brackets of a query ("[5m]"). Intervals do not get shorter than 1 s, which is as
/// often as a server should be asked, nor ranges than the 4 s in which a rate then has its points.
std::string divide_durations(std::string_view yaml, long divisor);

}  // namespace ara::cli
