// ara worker
#include "jobs/worker.h"

#include <unistd.h>

#include <memory>

#include "base/format.h"
#include "cli/commands.h"
#include "cli/evaluate.h"
#include "cli/output.h"
#include "cli/tracing.h"
#include "http/signals.h"
#include "telemetry/log.h"

namespace ara::cli {
namespace {

constexpr int kMostThreads = 64;
/// For jobs that run when it is told to end. With what comes after it is gone within 10 s.
constexpr std::chrono::seconds kFinish{8};

struct WorkerOptions {
  std::string threads;
};

Result<void> work(const WorkerOptions& options, Context& context) {
  unsigned threads = std::max(1U, context.config.job_workers);
  if (!options.threads.empty()) {
    const auto given = parse_bounded("threads", options.threads, 1, kMostThreads);
    if (!given) return std::unexpected(given.error());
    threads = static_cast<unsigned>(*given);
  }
  const http::StopSignal stop;
  telemetry::follow_log_signals();
  auto store = context.open_store(context.config);
  if (!store) return std::unexpected(std::move(store.error()));
  const auto metrics = std::make_shared<telemetry::Metrics>(false);
  const auto tracer = make_tracer(context.config, metrics, std::to_string(getpid()));
  jobs::Worker worker(
      std::move(*store), std::make_shared<const registry::Shelf>(context.config.models_path()),
      metrics, {.threads = threads, .background = false, .pulse = {}, .tracer = tracer});
  if (auto said = emit(ara::format("Working on {} thread{}; Ctrl-C or SIGTERM ends it\n", threads,
                                   threads == 1 ? "" : "s"));
      !said) {
    return said;
  }
  while (!stop.wait_for(std::chrono::hours(1))) {
  }
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
