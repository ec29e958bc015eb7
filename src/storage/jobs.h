#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "storage/rows.h"
#include "storage/webhooks.h"

namespace ara::storage {

/// queued -> running -> done, failed or cancelled; back to queued to be tried again.
enum class JobState {
  queued,
  running,
  done,
  failed,     ///< tried as often as it may be, or in vain from the start: a dead letter
  cancelled,  ///< by its owner; nothing of it took effect
};
std::string_view to_string(JobState state);
/// By name; the error lists the names.
Result<JobState> parse_job_state(std::string_view name);
/// Whether nothing will happen to it any more.
bool ended(JobState state);

/// A piece of work that outlives the process that asked for it.
struct JobRow {
  std::string id;     ///< unique; chosen by the caller
  std::string owner;  ///< an account
  std::string kind;
  std::string payload;          ///< UTF-8 text
  std::string idempotency_key;  ///< unique among its owner's; empty: none
  std::string slot;             ///< of one kind and slot only one is queued; empty: any number
  int max_attempts = 1;
  WallTime created{};

  // What the store keeps of it from then on.
  JobState state = JobState::queued;
  double progress = 0;      ///< 0 to 1; never goes back, not by a new attempt either
  std::string message;      ///< what is being done
  int attempts = 0;         ///< that ended in an error
  int interruptions = 0;    ///< leases that ended because their holder was gone; no attempts
  WallTime not_before{};    ///< while queued
  std::uint64_t fence = 0;  ///< counts the leases
  std::string holder;       ///< of the newest lease
  WallTime leased_until{};
  WallTime heartbeat{};
  std::string result;  ///< UTF-8 text, once done
  std::string error;   ///< of the newest attempt that failed
  WallTime updated{};
  std::optional<WallTime> expires;  ///< once ended: until when it is kept
};

/// What a put found: the job, or the one that is there already in its stead.
struct PutJob {
  JobRow job;
  bool created = false;
};

/// Which jobs to list, newest first; what is not given is not asked for.
struct JobFilter {
  std::optional<std::string> owner;
  std::vector<std::string> kinds;
  std::optional<JobState> state;
  WallTime now{};  ///< those that expired by then are left out
  std::size_t limit = 100;
  std::size_t offset = 0;
};
struct JobPage {
  std::vector<JobRow> jobs;  ///< without their results
  std::size_t total = 0;     ///< of the filter, whatever its limit
};

/// How many are waiting and under way.
struct JobCounts {
  std::size_t queued = 0;
  std::size_t running = 0;
  /// From when on the one of those queued that is due first may run; nothing where none is.
  std::optional<WallTime> first_due;
};

/// Asks for a job to run.
struct JobLease {
  std::string holder;
  std::vector<std::string> kinds;  ///< that the holder knows
  WallTime now{};
  WallTime until{};
  /// A job that was interrupted so often fails instead, and is kept until `expires`.
  int most_interruptions = 100;
  WallTime expires{};
};

/// Names one lease of a job. Once the job has another, or was cancelled, nothing can be written by
/// this one any more (a fencing token): Code::conflict.
struct JobTicket {
  std::string id;
  std::uint64_t fence = 0;
};

/// A sign of life: the lease lasts until `until`, progress has come so far.
struct JobTouch {
  JobTicket ticket;
  WallTime now{};
  WallTime until{};
  double progress = 0;
  std::string message;
};

/// What a job does to the store beside its result.
struct JobEffects {
  std::vector<ForecastRow> forecasts;
  std::vector<ModelVersionRow> models;
  std::vector<std::string> promoted;  ///< ids of models, after those were put
  std::vector<EventRow> events;       ///< for webhooks
};

/// The end of a job.
struct JobEnd {
  JobTicket ticket;
  JobState state = JobState::done;  ///< or failed, which counts an attempt
  WallTime now{};
  WallTime expires{};
  std::string result;
  std::string error;
  JobEffects effects;
};

/// A job given back to the queue.
struct JobReturn {
  JobTicket ticket;
  WallTime now{};
  WallTime not_before{};
  std::optional<std::string> error;  ///< of the attempt that failed; none: no attempt is counted
};

/// Jobs: each is leased to one holder at a time, and whatever happens to holders its effects and
/// its result appear once, together, or never.
class JobStore {
 public:
  virtual ~JobStore() = default;

  /// Queues a new job. Where the owner's idempotency key was used before, or a job of the same kind
  /// and slot is queued, nothing changes and that job is given. Code::overloaded where the owner
  /// has `most_open` jobs that have not ended; Code::conflict for an id that exists.
  virtual Result<PutJob> put_job(const JobRow& job, std::size_t most_open, const Call& call) = 0;
  virtual Result<std::optional<JobRow>> find_job(const std::string& id, const Call& call) = 0;
  virtual Result<JobPage> jobs(const JobFilter& filter, const Call& call) = 0;
  virtual Result<JobCounts> count_jobs(const Call& call) = 0;

  /// Leases the oldest job that is queued and due at `lease.now`, or whose lease had ended by then
  /// (an interruption). Nothing if no job is free.
  virtual Result<std::optional<JobRow>> lease_job(const JobLease& lease, const Call& call) = 0;
  /// Code::conflict if the lease is no longer the job's; so also for the next two.
  virtual Result<void> touch_job(const JobTouch& touch, const Call& call) = 0;
  virtual Result<void> return_job(const JobReturn& back, const Call& call) = 0;
  /// Ends a job as done or failed (another state: Code::invalid), with its effects, in one step.
  /// The errors of put_models and promote_model are the effects'; then nothing changes.
  virtual Result<void> finish_job(const JobEnd& end, const Call& call) = 0;

  /// Ends a job that has not ended, running or not. The job as it is then. Code::not_found.
  virtual Result<JobRow> cancel_job(const std::string& id, WallTime now, WallTime expires,
                                    const Call& call) = 0;
  /// Deletes jobs that ended and expired by `now`; returns how many.
  virtual Result<std::uint64_t> prune_jobs(WallTime now, const Call& call) = 0;
};

}  // namespace ara::storage
