// ara worker
#include "jobs/worker.h"

#include <unistd.h>

#include <memory>
#include <optional>

#include "base/format.h"
#include "cli/commands.h"
#include "cli/evaluate.h"
#include "cli/metering.h"
#include "cli/output.h"
#include "cli/tracing.h"
#include "http/side_port.h"
#include "http/signals.h"
#include "jobs/store_watch.h"
#include "telemetry/log.h"

namespace ara::cli {
namespace {

constexpr int kMostThreads = 64;
/// For jobs that run when it is told to end. With what comes after it is gone within 10 s.
constexpr std::chrono::seconds kFinish{8};

struct WorkerOptions {
  std::string threads;
};

/// How a worker is seen from outside, where METRICS_PORT says that it is.
struct Sight {
  std::optional<jobs::StoreWatch> watch;
  std::unique_ptr<http::SidePort> port;  ///< asks the watch, so it goes first

  Result<void> open(const config::Config& config, const std::shared_ptr<storage::Store>& store,
                    const std::shared_ptr<telemetry::Metrics>& metrics) {
    if (config.metrics_port == 0) return {};
    watch.emplace(store);
    auto opened = http::SidePort::open(
        {.host = config.host, .port = config.metrics_port, .metrics = config.metrics}, metrics,
        [this] { return watch->answers(); });
    if (!opened) return std::unexpected(std::move(opened.error()));
    port = std::move(*opened);
    return {};
  }

  /// Not ready from now on. What is left of both takes no time when they go.
  void say_stopping() {
    if (!port) return;
    port->say_stopping();
    watch->stop();
  }
};

std::string welcome(const config::Config& config, unsigned threads) {
  const std::string seen = config.metrics_port == 0
                               ? std::string()
                               : ara::format(", seen on port {}", config.metrics_port);
  return ara::format("Working on {} thread{}{}; Ctrl-C or SIGTERM ends it\n", threads,
                     threads == 1 ? "" : "s", seen);
}

Result<void> work(const WorkerOptions& options, Context& context) {
  unsigned threads = std::max(1U, context.config.job_workers);
  if (!options.threads.empty()) {
    const auto given = parse_bounded("threads", options.threads, 1, kMostThreads);
    if (!given) return std::unexpected(given.error());
    threads = static_cast<unsigned>(*given);
  }
  const http::StopSignal stop;
  telemetry::follow_log_signals();
  const config::Config& config = context.config;
  // What nobody can ask for is not counted.
  const auto metrics = make_metrics(config, config.metrics && config.metrics_port != 0);
  auto opened = context.open_store(config, metrics);
  if (!opened) return std::unexpected(std::move(opened.error()));
  const std::shared_ptr<storage::Store> store = std::move(*opened);
  Sight sight;
  if (auto seen = sight.open(config, store, metrics); !seen) return seen;
  const auto tracer = make_tracer(config, metrics, std::to_string(getpid()));
  jobs::Worker worker(store, open_shelf(config), metrics,
                      {.threads = threads, .background = false, .pulse = {}, .tracer = tracer});
  if (auto said = emit(welcome(config, threads)); !said) return said;
  while (!stop.wait_for(std::chrono::hours(1))) {
  }
  sight.say_stopping();
  worker.stop(Deadline::after(kFinish));
  tracer->stop(Deadline::after(kFlushTraces));
  return {};
}

}  // namespace

std::function<int()> enrol_worker(CLI::App& app, Context& context) {
  const auto options = std::make_shared<WorkerOptions>();
  app.add_option("--threads", options->threads,
                 ara::format("Jobs at a time, 1 to {} [JOB_WORKERS]", kMostThreads))
      ->type_name("N");
  return [options, &context] {
    const auto worked = work(*options, context);
    return worked ? 0 : report(worked.error());
  };
}

}  // namespace ara::cli
