#include "jobs/worker.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <exception>
#include <map>

#include "base/format.h"
#include "base/rng.h"
#include "jobs/payload.h"
#include "serve/background.h"
#include "telemetry/log.h"
#include "webhooks/outbox.h"

namespace ara::jobs {
namespace {

using storage::JobState;

constexpr std::chrono::seconds kPruneEvery{60};
constexpr std::chrono::seconds kStoreTimeout{5};
constexpr std::chrono::milliseconds kInsistEvery{100};
constexpr int kMostBackoff = 300;  ///< times the first

constexpr std::array<std::string_view, 5> kOutcomes{"done", "failed", "retried", "returned",
                                                    "lost"};

/// Who holds a lease, for people.
std::string name_of_process() {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  return ara::format("{}:{}", host.data(), getpid());
}

std::vector<std::string> names_of(std::span<const Kind> kinds) {
  std::vector<std::string> names;
  for (const Kind& kind : kinds) names.emplace_back(kind.name);
  return names;
}

Result<std::string> run_guarded(const Kind& kind, const std::string& payload, Context& context) {
  try {
    return kind.run(payload, context);
  } catch (const std::exception& error) {  // of a library, or of memory
    return fail(Code::internal, std::string("The job ended in an exception: ") + error.what());
  }
}

}  // namespace

std::chrono::milliseconds backoff(std::chrono::milliseconds first, std::string_view id,
                                  int attempt) {
  const double times = std::min<double>(kMostBackoff, std::exp2(std::min(attempt, 20) - 1));
  Rng rng(stable_hash64(id) + static_cast<std::uint64_t>(attempt));
  return std::chrono::milliseconds(
      std::llround(static_cast<double>(first.count()) * times * (0.5 + rng.uniform() / 2)));
}

bool passing(Code code) {
  switch (code) {
    case Code::invalid:
    case Code::not_found:
    case Code::unsupported:
    case Code::too_large:
    case Code::corrupt:
      return false;
    default:
      return true;
  }
}

struct Worker::Meters {
  struct Of {
    std::map<std::string_view, telemetry::Metrics::Counter> outcomes;
    telemetry::Metrics::Histogram seconds;
  };

  Meters(telemetry::Metrics& metrics, std::span<const Kind> kinds) {
    for (const Kind& kind : kinds) {
      const std::string name(kind.name);
      Of& of = by_kind[kind.name];
      for (const std::string_view outcome : kOutcomes) {
        of.outcomes[outcome] =
            metrics.counter("ara_jobs_total", {{"kind", name}, {"outcome", std::string(outcome)}});
      }
      of.seconds = metrics.histogram("ara_job_duration_seconds", {{"kind", name}});
    }
    delay = metrics.histogram("ara_job_delay_seconds");
  }

  std::map<std::string_view, Of> by_kind;
  telemetry::Metrics::Histogram delay;
};

Worker::Worker(std::shared_ptr<storage::Store> store, std::shared_ptr<const registry::Shelf> shelf,
               std::shared_ptr<telemetry::Metrics> metrics, WorkerOptions options,
               const Clock& clock)
    : store_(std::move(store)),
      shelf_(std::move(shelf)),
      metrics_(std::move(metrics)),
      options_(options),
      clock_(clock),
      meters_(std::make_shared<Meters>(*metrics_, options.kinds)),
      counts_(std::make_shared<Counts>()) {
  metrics_->gauge("ara_jobs", {{"state", "queued"}},
                  [counts = counts_] { return static_cast<double>(counts->queued); });
  metrics_->gauge("ara_jobs", {{"state", "running"}},
                  [counts = counts_] { return static_cast<double>(counts->running); });
  metrics_->gauge("ara_jobs_oldest_queued_seconds", {}, [counts = counts_, &clock = clock_] {
    const WallTime now = clock.now();
    const WallTime due = counts->first_due.load();
    return due < now ? std::chrono::duration<double>(now - due).count() : 0.0;
  });
  threads_.emplace_back([this] { keep_house(); });
  for (unsigned i = 0; i < options_.threads; ++i) threads_.emplace_back([this, i] { run(i); });
}

void Worker::stop(Deadline finish_by) {
  {
    const std::lock_guard lock(mutex_);
    finish_by_ = std::min(finish_by.at, finish_by_.load());
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void Worker::wait(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, time, [this] { return stopping_.load(); });
}

void Worker::run(unsigned number) {
  if (options_.background) serve::run_in_background();
  const std::string holder = ara::format("{}:{}", name_of_process(), number);
  while (!stopping_) {
    const auto worked = work_one(holder);
    if (!worked) {
      telemetry::log(telemetry::LogLevel::warning, "Cannot ask the store for jobs",
                     {{"error", worked.error().message}});
    }
    if (!worked) wait(10 * options_.poll);
    if (worked && !*worked) wait(options_.poll);
  }
}

Result<bool> Worker::work_one(const std::string& holder) {
  const WallTime now = clock_.now();
  const auto job = store_->lease_job({.holder = holder,
                                      .kinds = names_of(options_.kinds),
                                      .now = now,
                                      .until = now + options_.pulse.lease,
                                      .most_interruptions = options_.most_interruptions,
                                      .expires = now + options_.keep},
                                     Call{Deadline::after(kStoreTimeout)});
  if (!job) return std::unexpected(job.error());
  if (!*job) return false;
  work(**job, *std::ranges::find(options_.kinds, (*job)->kind, &Kind::name));
  return true;
}

void Worker::work(const storage::JobRow& job, const Kind& kind) {
  const SteadyTime begun = clock_.steady();
  if (job.interruptions == 0) {
    const std::chrono::duration<double> waited = clock_.now() - job.not_before;
    metrics_->observe(meters_->delay, waited.count());
  }
  const telemetry::TraceHead head =
      options_.tracer ? options_.tracer->head({}, {}) : telemetry::TraceHead{};
  const auto spans = std::make_shared<telemetry::Trace>(head.own, std::string_view{});
  const telemetry::TraceScope scope({spans});
  Heartbeat heartbeat(*store_, job, options_.pulse, clock_);
  std::atomic<bool> told = false;  // to stop
  Context context{
      .store = *store_,
      .shelf = shelf_,
      .clock = clock_,
      .progress = [&](double part, std::string_view says) { heartbeat.progress(part, says); },
      .cancelled =
          [&] {
            if (heartbeat.lost() || late()) told = true;
            return told.load();
          },
      .effects = {}};
  auto result = run_guarded(kind, job.payload, context);
  heartbeat.stop();
  if (result && kind.done) {
    context.effects.events.push_back(
        webhooks::event_row(job.owner, *kind.done,
                            ara::format(R"({{"job_id":{},"kind":"{}","status":"completed"}})",
                                        json_text(job.id), kind.name),
                            clock_.now()));
  }
  const std::string why = result ? std::string() : result.error().message;
  const std::string_view outcome =
      settle(job, heartbeat, told, std::move(result), std::move(context.effects));
  const auto& meters = meters_->by_kind.at(kind.name);
  metrics_->add(meters.outcomes.at(outcome));
  const std::chrono::duration<double> took = clock_.steady() - begun;
  metrics_->observe(meters.seconds, took.count());
  telemetry::log(outcome == "failed" ? telemetry::LogLevel::warning : telemetry::LogLevel::info,
                 "Job ended",
                 {{"job", job.id},
                  {"kind", job.kind},
                  {"outcome", outcome},
                  {"error", why},
                  {"seconds", ara::format("{:.3f}", took.count())}});
  if (options_.tracer && options_.tracer->exporting()) {
    trace(head, *spans, job, begun, outcome, why);
  }
}

void Worker::trace(const telemetry::TraceHead& head, telemetry::Trace& spans,
                   const storage::JobRow& job, SteadyTime begun, std::string_view outcome,
                   const std::string& why) const {
  options_.tracer->finish(head, &spans,
                          {.work = {.name = "job " + job.kind,
                                    .begun = begun,
                                    .ended = clock_.steady(),
                                    .error = outcome == "failed" ? why : std::string(),
                                    .attributes = {{"ara.job.id", job.id},
                                                   {"ara.job.kind", job.kind},
                                                   {"ara.job.outcome", std::string(outcome)}}}});
}

/// Writes until it is known whether it took, as long as the lease lasts.
template <class Write>
Result<void> Worker::insist(SteadyTime until, const Write& write) {
  for (;;) {
    const auto done = write(Call{Deadline{until}});
    if (done || clock_.steady() + kInsistEvery >= until) return done;
    const Code code = done.error().code;
    if (code != Code::unavailable && code != Code::overloaded && code != Code::io) return done;
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, kInsistEvery, [] { return false; });
  }
}

std::string_view Worker::settle(const storage::JobRow& job, Heartbeat& heartbeat, bool told,
                                Result<std::string> result, storage::JobEffects effects) {
  const SteadyTime until = heartbeat.until();
  if (heartbeat.lost()) return "lost";
  const WallTime now = clock_.now();
  if (told) {
    const auto back = insist(until, [&](const Call& call) {
      return store_->return_job(
          {.ticket = {job.id, job.fence}, .now = now, .not_before = now, .error = std::nullopt},
          call);
    });
    return back ? "returned" : "lost";
  }
  if (!result) return fail_attempt(job, result.error(), until);
  const storage::JobEnd end{.ticket = {job.id, job.fence},
                            .state = JobState::done,
                            .now = now,
                            .expires = now + options_.keep,
                            .result = std::move(*result),
                            .error = {},
                            .effects = std::move(effects)};
  const auto done = insist(until, [&](const Call& call) { return store_->finish_job(end, call); });
  // A conflict may be the effects', e.g. a model that was retired meanwhile, or the lease's, and
  // then what follows meets it too.
  return done ? "done" : fail_attempt(job, done.error(), until);
}

std::string_view Worker::fail_attempt(const storage::JobRow& job, const Error& error,
                                      SteadyTime until) {
  const WallTime now = clock_.now();
  const int attempt = job.attempts + 1;
  if (passing(error.code) && attempt < job.max_attempts) {
    const auto back = insist(until, [&](const Call& call) {
      return store_->return_job({.ticket = {job.id, job.fence},
                                 .now = now,
                                 .not_before = now + backoff(options_.first_retry, job.id, attempt),
                                 .error = error.message},
                                call);
    });
    return back ? "retried" : "lost";
  }
  const storage::JobEnd end{.ticket = {job.id, job.fence},
                            .state = JobState::failed,
                            .now = now,
                            .expires = now + options_.keep,
                            .result = {},
                            .error = error.message,
                            .effects = {}};
  const auto done = insist(until, [&](const Call& call) { return store_->finish_job(end, call); });
  return done ? "failed" : "lost";
}

void Worker::keep_house() {
  SteadyTime pruned{};
  for (; !stopping_; wait(options_.count_every)) {
    // Failures show in the leases too, and the next turn tries again.
    if (const auto counts = store_->count_jobs(Call{Deadline::after(kStoreTimeout)})) {
      counts_->queued = counts->queued;
      counts_->running = counts->running;
      counts_->first_due = counts->first_due.value_or(WallTime::max());
    }
    if (stopping_ || clock_.steady() - pruned < kPruneEvery) continue;
    pruned = clock_.steady();
    (void)store_->prune_jobs(clock_.now(), Call{Deadline::after(kStoreTimeout)});
  }
}

}  // namespace ara::jobs
