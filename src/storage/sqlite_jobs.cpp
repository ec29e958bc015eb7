// The jobs of SqliteStore.
#include <algorithm>

#include "storage/jobs_check.h"
#include "storage/sqlite_store.h"

namespace ara::storage {
namespace {

/// Jobs deleted in one transaction, so that other writers are not held up for long.
constexpr int kJobsAtOnce = 200;

// What job_of reads. In lists the result, which may be long, is left out.
#define ARA_JOB_COLUMNS                                                                   \
  "id, owner, kind, payload, idempotency_key, slot, max_attempts, created, state, "       \
  "progress, message, attempts, interruptions, not_before, fence, holder, leased_until, " \
  "heartbeat, error, updated, expires"

/// `result` is the column of the result, if it was read.
Result<JobRow> job_of(const SqliteStatement& row, std::optional<int> result) {
  const auto state = stored_job_state(row.text(0), row.text(8));
  if (!state) return std::unexpected(state.error());
  const std::int64_t expires = row.integer(20);
  return JobRow{.id = std::string(row.text(0)),
                .owner = std::string(row.text(1)),
                .kind = std::string(row.text(2)),
                .payload = std::string(row.text(3)),
                .idempotency_key = std::string(row.text(4)),
                .slot = std::string(row.text(5)),
                .max_attempts = static_cast<int>(row.integer(6)),
                .created = wall_time(row.integer(7)),
                .state = *state,
                .progress = row.real(9),
                .message = std::string(row.text(10)),
                .attempts = static_cast<int>(row.integer(11)),
                .interruptions = static_cast<int>(row.integer(12)),
                .not_before = wall_time(row.integer(13)),
                .fence = static_cast<std::uint64_t>(row.integer(14)),
                .holder = std::string(row.text(15)),
                .leased_until = wall_time(row.integer(16)),
                .heartbeat = wall_time(row.integer(17)),
                .result = result ? std::string(row.text(*result)) : std::string(),
                .error = std::string(row.text(18)),
                .updated = wall_time(row.integer(19)),
                .expires = expires == 0 ? std::nullopt : std::optional(wall_time(expires))};
}

/// The first row that `row`, bound, gives, its result read.
Result<std::optional<JobRow>> one_job(SqliteStatement& row) {
  const auto found = row.step();
  if (!found) return std::unexpected(found.error());
  if (!*found) return std::nullopt;
  auto job = job_of(row, 21);
  if (!job) return std::unexpected(std::move(job.error()));
  return std::move(*job);
}

Result<std::optional<JobRow>> read_job(SqliteConnection& connection, const std::string& id) {
  SqliteStatement row =
      connection.prepare("SELECT " ARA_JOB_COLUMNS ", result FROM jobs WHERE id = ?");
  return one_job(row.bind(id));
}

/// The job that a new one would repeat, if there is one.
Result<std::optional<JobRow>> repeated(SqliteConnection& connection, const JobRow& job) {
  if (!job.idempotency_key.empty()) {
    SqliteStatement row = connection.prepare("SELECT " ARA_JOB_COLUMNS
                                             ", result FROM jobs WHERE owner = ? "
                                             "AND idempotency_key = ? AND idempotency_key <> ''");
    auto found = one_job(row.bind(job.owner, job.idempotency_key));
    if (!found || *found) return found;
  }
  if (job.slot.empty()) return std::nullopt;
  SqliteStatement row =
      connection.prepare("SELECT " ARA_JOB_COLUMNS
                         ", result FROM jobs "
                         "WHERE kind = ? AND slot = ? AND slot <> '' AND state = 'queued' LIMIT 1");
  return one_job(row.bind(job.kind, job.slot));
}

Result<void> check_room(SqliteConnection& connection, const std::string& owner, std::size_t most) {
  SqliteStatement count = connection.prepare(
      "SELECT count(*) FROM (SELECT 1 FROM jobs "
      "WHERE owner = ? AND state IN ('queued', 'running') LIMIT ?)");
  const auto row = count.bind(owner, most).step();
  if (!row) return std::unexpected(row.error());
  if (static_cast<std::size_t>(count.integer(0)) < most) return {};
  return too_many_jobs(most);
}

Result<void> insert(SqliteConnection& connection, const JobRow& job) {
  return connection
      .prepare(
          "INSERT INTO jobs (id, owner, kind, payload, idempotency_key, slot, max_attempts, "
          "created, state, not_before, updated) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'queued', ?9, ?8)")
      .bind(job.id, job.owner, job.kind, job.payload, job.idempotency_key, job.slot,
            job.max_attempts, microseconds(job.created),
            microseconds(std::max(job.not_before, job.created)))
      .run();
}

/// The names as a JSON array, which SQLite takes for a table. They are words of ours.
std::string json_array(const std::vector<std::string>& names) {
  std::string text = "[";
  for (const std::string& name : names) {
    text += (text.size() == 1 ? "\"" : ",\"") + name + "\"";
  }
  return text + "]";
}

/// What an UPDATE under a ticket came to.
Result<void> written(const SqliteConnection& connection, Result<void> done,
                     const JobTicket& ticket) {
  if (!done || connection.changed() == 1) return done;
  return lost_lease(ticket);
}

/// Ends jobs whose holders died too often for it to be chance.
Result<void> give_up(SqliteConnection& connection, const JobLease& lease) {
  return connection
      .prepare(
          "UPDATE jobs SET state = 'failed', updated = ?1, expires = ?2, "
          "interruptions = interruptions + 1, "
          "error = 'Its worker ended while at it, ' || (interruptions + 1) || ' times' "
          "WHERE state = 'running' AND leased_until <= ?1 AND interruptions >= ?3")
      .bind(microseconds(lease.now), microseconds(lease.expires), lease.most_interruptions)
      .run();
}

Result<Changed> write_effects(SqliteConnection& connection, const JobEnd& end) {
  const JobEffects& effects = end.effects;
  auto done = write_forecasts(connection, effects.forecasts).and_then([&] {
    return write_versions(connection, effects.models);
  });
  if (!done) return std::unexpected(std::move(done.error()));
  Changed changed = Changed::nothing;
  for (const std::string& id : effects.promoted) {
    const auto promoted = write_status(connection, id, ModelStatus::champion, {}, end.now);
    if (!promoted) return promoted;
    if (*promoted == Changed::nothing) continue;
    changed = *promoted;
    auto noted = write_audit(connection, promoted_by(end, id));
    if (!noted) return std::unexpected(std::move(noted.error()));
  }
  for (const EventRow& event : effects.events) {
    const auto told = write_event(connection, event, "", kMostWaiting);
    if (!told) return std::unexpected(told.error());
  }
  return changed;
}

}  // namespace

Result<PutJob> SqliteStore::put_job(const JobRow& job, std::size_t most_open, const Call& call) {
  auto connection = writer(call, Sync::full, DbOperation::jobs);
  if (!connection) return std::unexpected(connection.error());
  auto transaction = SqliteTransaction::begin(**connection, SqliteTransaction::Kind::write);
  if (!transaction) return std::unexpected(transaction.error());
  auto found = repeated(**connection, job);
  if (!found) return std::unexpected(std::move(found.error()));
  const bool created = !*found;
  if (created) {
    auto done = check_room(**connection, job.owner, most_open).and_then([&] {
      return insert(**connection, job);
    });
    if (!done) return std::unexpected(std::move(done.error()));
    found = read_job(**connection, job.id);
    if (!found) return std::unexpected(std::move(found.error()));
    if (!*found) return fail(Code::internal, "the store has lost the job " + job.id);
  }
  auto done =
      note_write(**connection, Changed::nothing).and_then([&] { return transaction->commit(); });
  if (!done) return std::unexpected(std::move(done.error()));
  return PutJob{std::move(**found), created};
}

Result<std::optional<JobRow>> SqliteStore::find_job(const std::string& id, const Call& call) {
  auto connection = readers_.take(call, DbOperation::jobs);
  if (!connection) return std::unexpected(connection.error());
  return read_job(**connection, id);
}

Result<JobPage> SqliteStore::jobs(const JobFilter& filter, const Call& call) {
// What is not asked for is NULL or empty, and lets every row pass.
#define ARA_JOB_FILTER                                                                     \
  "FROM jobs WHERE (?1 = '' OR owner = ?1) AND (?2 = '' OR state = ?2) AND (?3 = '[]' OR " \
  "kind IN (SELECT value FROM json_each(?3))) AND (expires = 0 OR expires > ?4)"
  auto connection = readers_.take(call, DbOperation::jobs);
  if (!connection) return std::unexpected(connection.error());
  auto snapshot = SqliteTransaction::begin(**connection, SqliteTransaction::Kind::read);
  if (!snapshot) return std::unexpected(snapshot.error());
  const std::string owner = filter.owner.value_or("");
  const std::string_view state = filter.state ? to_string(*filter.state) : std::string_view();
  const std::string kinds = json_array(filter.kinds);
  JobPage page;
  {
    SqliteStatement total = (*connection)->prepare("SELECT count(*) " ARA_JOB_FILTER);
    const auto row = total.bind(owner, state, kinds, microseconds(filter.now)).step();
    if (!row) return std::unexpected(row.error());
    page.total = static_cast<std::size_t>(total.integer(0));
  }
  SqliteStatement rows = (*connection)
                             ->prepare("SELECT " ARA_JOB_COLUMNS " " ARA_JOB_FILTER
                                       " ORDER BY created DESC, id DESC LIMIT ?5 OFFSET ?6");
  for (rows.bind(owner, state, kinds, microseconds(filter.now), filter.limit, filter.offset);;) {
    const auto row = rows.step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return page;
    auto job = job_of(rows, std::nullopt);
    if (!job) return std::unexpected(std::move(job.error()));
    page.jobs.push_back(std::move(*job));
  }
}

Result<JobCounts> SqliteStore::count_jobs(const Call& call) {
  auto connection = readers_.take(call, DbOperation::jobs);
  if (!connection) return std::unexpected(connection.error());
  SqliteStatement row = (*connection)
                            ->prepare(
                                "SELECT count(*) FILTER (WHERE state = 'queued'), "
                                "count(*) FILTER (WHERE state = 'running'), "
                                "min(not_before) FILTER (WHERE state = 'queued') "
                                "FROM jobs WHERE state IN ('queued', 'running')");
  const auto found = row.bind().step();
  if (!found) return std::unexpected(found.error());
  JobCounts counts{static_cast<std::size_t>(row.integer(0)),
                   static_cast<std::size_t>(row.integer(1)), std::nullopt};
  if (counts.queued > 0) counts.first_due = wall_time(row.integer(2));
  return counts;
}

Result<std::optional<JobRow>> SqliteStore::lease_job(const JobLease& lease, const Call& call) {
#define ARA_FREE_JOB                                                            \
  "SELECT id FROM jobs WHERE state IN ('queued', 'running') "                   \
  "AND (CASE state WHEN 'queued' THEN not_before ELSE leased_until END) <= ?1 " \
  "AND kind IN (SELECT value FROM json_each(?2)) ORDER BY created, id LIMIT 1"
  const std::string kinds = json_array(lease.kinds);
  {  // Idle holders ask often, and should not take the write lock for that.
    auto reader = readers_.take(call, DbOperation::jobs);
    if (!reader) return std::unexpected(reader.error());
    SqliteStatement free = (*reader)->prepare(ARA_FREE_JOB);
    const auto row = free.bind(microseconds(lease.now), kinds).step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return std::nullopt;
  }
  auto connection = writer(call, Sync::full, DbOperation::jobs);
  if (!connection) return std::unexpected(connection.error());
  auto transaction = SqliteTransaction::begin(**connection, SqliteTransaction::Kind::write);
  if (!transaction) return std::unexpected(transaction.error());
  if (auto done = give_up(**connection, lease); !done) return std::unexpected(done.error());
  Result<std::optional<JobRow>> job;
  {
    SqliteStatement take =
        (*connection)
            ->prepare(
                "UPDATE jobs SET interruptions = interruptions + (state = 'running'), "
                "state = 'running', fence = fence + 1, holder = ?4, leased_until = ?3, "
                "heartbeat = ?1, updated = ?1 WHERE id = (" ARA_FREE_JOB
                ") RETURNING " ARA_JOB_COLUMNS ", result");
    job =
        one_job(take.bind(microseconds(lease.now), kinds, microseconds(lease.until), lease.holder));
  }
  if (!job) return job;
  if (auto done = transaction->commit(); !done) return std::unexpected(done.error());
  return job;
}

Result<void> SqliteStore::touch_job(const JobTouch& touch, const Call& call) {
  auto connection = writer(call, Sync::full, DbOperation::jobs);
  if (!connection) return std::unexpected(connection.error());
  auto done = (*connection)
                  ->prepare(
                      "UPDATE jobs SET leased_until = ?, heartbeat = ?2, updated = ?2, "
                      "progress = max(progress, min(?3, 1.0)), message = ?4 "
                      "WHERE id = ?5 AND state = 'running' AND fence = ?6")
                  .bind(microseconds(touch.until), microseconds(touch.now), touch.progress,
                        touch.message, touch.ticket.id, touch.ticket.fence)
                  .run();
  return written(**connection, std::move(done), touch.ticket);
}

Result<void> SqliteStore::return_job(const JobReturn& back, const Call& call) {
  auto connection = writer(call, Sync::full, DbOperation::jobs);
  if (!connection) return std::unexpected(connection.error());
  auto done =
      (*connection)
          ->prepare(
              "UPDATE jobs SET state = 'queued', updated = ?1, not_before = ?2, "
              "attempts = attempts + ?3, error = iif(?3, ?4, error) "
              "WHERE id = ?5 AND state = 'running' AND fence = ?6")
          .bind(microseconds(back.now), microseconds(back.not_before), back.error.has_value(),
                back.error.value_or(""), back.ticket.id, back.ticket.fence)
          .run();
  return written(**connection, std::move(done), back.ticket);
}

Result<void> SqliteStore::finish_job(const JobEnd& end, const Call& call) {
  if (auto checked = check_end(end); !checked) return checked;
  auto connection = writer(call, Sync::full, DbOperation::jobs);
  if (!connection) return std::unexpected(connection.error());
  auto transaction = SqliteTransaction::begin(**connection, SqliteTransaction::Kind::write);
  if (!transaction) return std::unexpected(transaction.error());
  auto done = (*connection)
                  ->prepare(
                      "UPDATE jobs SET state = ?1, updated = ?2, expires = ?3, result = ?4, "
                      "error = ?5, attempts = attempts + (?1 = 'failed'), "
                      "progress = iif(?1 = 'done', 1.0, progress) "
                      "WHERE id = ?6 AND state = 'running' AND fence = ?7")
                  .bind(to_string(end.state), microseconds(end.now), microseconds(end.expires),
                        end.result, end.error, end.ticket.id, end.ticket.fence)
                  .run();
  if (auto ours = written(**connection, std::move(done), end.ticket); !ours) return ours;
  return write_effects(**connection, end)
      .and_then([&](Changed changed) { return note_write(**connection, changed); })
      .and_then([&] { return transaction->commit(); });
}

Result<JobRow> SqliteStore::cancel_job(const std::string& id, WallTime now, WallTime expires,
                                       const Call& call) {
  auto connection = writer(call, Sync::full, DbOperation::jobs);
  if (!connection) return std::unexpected(connection.error());
  auto transaction = SqliteTransaction::begin(**connection, SqliteTransaction::Kind::write);
  if (!transaction) return std::unexpected(transaction.error());
  auto done = (*connection)
                  ->prepare(
                      "UPDATE jobs SET state = 'cancelled', updated = ?, expires = ? "
                      "WHERE id = ? AND state IN ('queued', 'running')")
                  .bind(microseconds(now), microseconds(expires), id)
                  .run();
  if (!done) return std::unexpected(std::move(done.error()));
  auto job = read_job(**connection, id);
  if (!job) return std::unexpected(std::move(job.error()));
  if (!*job) return no_job(id);
  done = note_write(**connection, Changed::nothing).and_then([&] { return transaction->commit(); });
  if (!done) return std::unexpected(std::move(done.error()));
  return std::move(**job);
}

Result<std::uint64_t> SqliteStore::prune_jobs(WallTime now, const Call& call) {
  for (std::uint64_t total = 0;;) {
    auto connection = writer(call, Sync::full, DbOperation::jobs);
    if (!connection) return std::unexpected(connection.error());
    auto done = (*connection)
                    ->prepare(
                        "DELETE FROM jobs WHERE rowid IN (SELECT rowid FROM jobs "
                        "WHERE expires > 0 AND expires <= ? LIMIT ?)")
                    .bind(microseconds(now), kJobsAtOnce)
                    .run();
    if (!done) return std::unexpected(done.error());
    const std::uint64_t deleted = (*connection)->changed();
    total += deleted;
    if (deleted < kJobsAtOnce) return total;
  }
}

}  // namespace ara::storage
