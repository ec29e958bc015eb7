// The jobs of SqliteStore.
#include <algorithm>
#include <array>

#include "storage/sqlite_store.h"

namespace ara::storage {
namespace {

struct StateRow {
  JobState state;
  std::string_view name;
};

constexpr std::array kStates{
    StateRow{JobState::queued, "queued"},
    StateRow{JobState::running, "running"},
    StateRow{JobState::done, "done"},
    StateRow{JobState::failed, "failed"},
};

std::string_view name_of(JobState state) {
  return std::ranges::find(kStates, state, &StateRow::state)->name;
}

// What job_of reads.
#define ARA_JOB_COLUMNS "id, kind, payload, state, result, created, leased_until, attempts"

Result<std::optional<JobRow>> one_job(SqliteStatement& row) {
  const auto found = row.step();
  if (!found) return std::unexpected(found.error());
  if (!*found) return std::nullopt;
  const auto state = std::ranges::find(kStates, row.text(3), &StateRow::name);
  if (state == kStates.end()) {
    return fail(Code::corrupt, "the stored job '" + printable(row.text(0)) + "' has the state '" +
                                   printable(row.text(3)) + "'");
  }
  return JobRow{std::string(row.text(0)),  std::string(row.text(1)),
                std::string(row.text(2)),  state->state,
                std::string(row.text(4)),  wall_time(row.integer(5)),
                wall_time(row.integer(6)), static_cast<int>(row.integer(7))};
}

}  // namespace

Result<bool> SqliteStore::put_job(const JobRow& job, const Call& call) {
  if (job.state != JobState::queued) {
    return invalid("state", name_of(job.state), "queued, as a new job is");
  }
  auto connection = writer(call, Sync::full);
  if (!connection) return std::unexpected(connection.error());
  auto done = (*connection)
                  ->prepare(
                      "INSERT INTO jobs (id, kind, payload, state, created) "
                      "VALUES (?, ?, ?, 'queued', ?) ON CONFLICT (id) DO NOTHING")
                  .bind(job.id, job.kind, job.payload, microseconds(job.created))
                  .run();
  if (!done) return std::unexpected(done.error());
  return (*connection)->changed() == 1;
}

Result<std::optional<JobRow>> SqliteStore::find_job(const std::string& id, const Call& call) {
  auto connection = readers_.take(call);
  if (!connection) return std::unexpected(connection.error());
  SqliteStatement row = (*connection)->prepare("SELECT " ARA_JOB_COLUMNS " FROM jobs WHERE id = ?");
  return one_job(row.bind(id));
}

Result<std::optional<JobRow>> SqliteStore::lease_job(WallTime now, WallTime until,
                                                     const Call& call) {
  auto connection = writer(call, Sync::full);
  if (!connection) return std::unexpected(connection.error());
  auto transaction = SqliteTransaction::begin(**connection, SqliteTransaction::Kind::write);
  if (!transaction) return std::unexpected(transaction.error());
  Result<std::optional<JobRow>> job;
  {
    SqliteStatement lease =
        (*connection)
            ->prepare(
                "UPDATE jobs SET state = 'running', leased_until = ?2, attempts = attempts + 1 "
                "WHERE id = (SELECT id FROM jobs WHERE state IN ('queued', 'running') "
                "AND (state = 'queued' OR leased_until <= ?1) ORDER BY created, id LIMIT 1) "
                "RETURNING " ARA_JOB_COLUMNS);
    job = one_job(lease.bind(microseconds(now), microseconds(until)));
  }
  if (!job || !*job) return job;
  if (auto done = transaction->commit(); !done) return std::unexpected(done.error());
  return job;
}

Result<void> SqliteStore::finish_job(const JobRow& job, const Call& call) {
  if (job.state != JobState::done && job.state != JobState::failed) {
    return invalid("state", name_of(job.state), "done or failed");
  }
  auto connection = writer(call, Sync::full);
  if (!connection) return std::unexpected(connection.error());
  auto done = (*connection)
                  ->prepare(
                      "UPDATE jobs SET state = ?, result = ? "
                      "WHERE id = ? AND state = 'running' AND attempts = ?")
                  .bind(name_of(job.state), job.result, job.id, job.attempts)
                  .run();
  if (!done) return done;
  if ((*connection)->changed() == 1) return {};
  return fail(Code::conflict, "the job '" + printable(job.id) +
                                  "' is not leased with this attempt; another worker has it, or "
                                  "it has ended");
}

}  // namespace ara::storage
