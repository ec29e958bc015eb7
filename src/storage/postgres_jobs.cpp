// The jobs of PostgresStore.
#include <algorithm>
#include <limits>

#include "base/format.h"
#include "storage/jobs_check.h"
#include "storage/postgres_forecasts.h"

namespace ara::storage {
namespace {

/// Jobs deleted in one transaction, so that no transaction is long.
constexpr int kPgJobsAtOnce = 200;

// What pg_job_of reads. In lists the result, which may be long, is left out.
#define ARA_PG_JOB_COLUMNS                                                                \
  "id, owner, kind, payload, idempotency_key, slot, max_attempts, created, state, "       \
  "progress, message, attempts, interruptions, not_before, fence, holder, leased_until, " \
  "heartbeat, error, updated, expires"
/// The column that follows those: the result, if it was read.
constexpr int kPgAfterJob = 21;

Result<JobRow> pg_job_of(const PgRows& rows, int row) {
  const auto state = stored_job_state(rows.text(row, 0), rows.text(row, 8));
  if (!state) return std::unexpected(state.error());
  return JobRow{.id = std::string(rows.text(row, 0)),
                .owner = std::string(rows.text(row, 1)),
                .kind = std::string(rows.text(row, 2)),
                .payload = std::string(rows.text(row, 3)),
                .idempotency_key = std::string(rows.text(row, 4)),
                .slot = std::string(rows.text(row, 5)),
                .max_attempts = static_cast<int>(rows.integer(row, 6)),
                .created = wall_time(rows.integer(row, 7)),
                .state = *state,
                .progress = rows.real(row, 9),
                .message = std::string(rows.text(row, 10)),
                .attempts = static_cast<int>(rows.integer(row, 11)),
                .interruptions = static_cast<int>(rows.integer(row, 12)),
                .not_before = wall_time(rows.integer(row, 13)),
                .fence = static_cast<std::uint64_t>(rows.integer(row, 14)),
                .holder = std::string(rows.text(row, 15)),
                .leased_until = wall_time(rows.integer(row, 16)),
                .heartbeat = wall_time(rows.integer(row, 17)),
                .result = {},
                .error = std::string(rows.text(row, 18)),
                .updated = wall_time(rows.integer(row, 19)),
                .expires = or_nothing(rows.integer(row, 20))};
}

/// The first job of rows that have its result too.
Result<std::optional<JobRow>> pg_one_job(const Result<PgRows>& rows) {
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return std::nullopt;
  auto job = pg_job_of(*rows, 0);
  if (!job) return std::unexpected(std::move(job.error()));
  job->result = rows->text(0, kPgAfterJob);
  return std::move(*job);
}

Result<std::optional<JobRow>> pg_read_job(PgConnection& connection, const std::string& id) {
  return pg_one_job(
      connection.ask("SELECT " ARA_PG_JOB_COLUMNS ", result FROM jobs WHERE id = $1", id));
}

/// Until the transaction ends no other puts a job of this owner, or of this kind and slot. Whoever
/// takes both locks takes the owner's first, so that nobody waits in a circle. What is looked up
/// by later statements is all that those before have put.
Result<void> pg_lock_puts(PgConnection& connection, const JobRow& job) {
  auto done =
      only_done(connection.ask("SELECT pg_advisory_xact_lock(hashtextextended($1, 1))", job.owner));
  if (!done || job.slot.empty()) return done;
  return only_done(connection.ask(
      "SELECT pg_advisory_xact_lock(hashtextextended($1 || ' ' || $2, 2))", job.kind, job.slot));
}

/// The job that a new one would repeat, if there is one.
Result<std::optional<JobRow>> pg_repeated(PgConnection& connection, const JobRow& job) {
  if (!job.idempotency_key.empty()) {
    auto found = pg_one_job(connection.ask(
        "SELECT " ARA_PG_JOB_COLUMNS
        ", result FROM jobs WHERE owner = $1 AND idempotency_key = $2 AND idempotency_key <> ''",
        job.owner, job.idempotency_key));
    if (!found || *found) return found;
  }
  if (job.slot.empty()) return std::nullopt;
  return pg_one_job(
      connection.ask("SELECT " ARA_PG_JOB_COLUMNS
                     ", result FROM jobs WHERE kind = $1 AND slot = $2 AND slot <> '' "
                     "AND state = 'queued' LIMIT 1",
                     job.kind, job.slot));
}

/// For LIMIT and OFFSET, which are signed.
std::int64_t pg_job_window(std::size_t count) {
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(std::min(count, static_cast<std::size_t>(kMost)));
}

Result<void> pg_check_room(PgConnection& connection, const std::string& owner, std::size_t most) {
  const auto row = connection.ask(
      "SELECT count(*) FROM (SELECT 1 FROM jobs "
      "WHERE owner = $1 AND state IN ('queued', 'running') LIMIT $2) open",
      owner, pg_job_window(most));
  if (!row) return std::unexpected(row.error());
  if (static_cast<std::size_t>(row->integer(0, 0)) < most) return {};
  return too_many_jobs(most);
}

Result<JobRow> pg_insert_job(PgConnection& connection, const JobRow& job) {
  auto made = pg_one_job(connection.ask(
      "INSERT INTO jobs (id, owner, kind, payload, idempotency_key, slot, max_attempts, "
      "created, state, not_before, updated) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'queued', $9, $8) "
      "ON CONFLICT (id) DO NOTHING RETURNING " ARA_PG_JOB_COLUMNS ", result",
      job.id, job.owner, job.kind, job.payload, job.idempotency_key, job.slot, job.max_attempts,
      microseconds(job.created), microseconds(std::max(job.not_before, job.created))));
  if (!made) return std::unexpected(std::move(made.error()));
  if (!*made) return fail(Code::conflict, "there is a job '" + printable(job.id) + "' already");
  return std::move(**made);
}

/// As a parameter for string_to_array. They are words of ours, without commas.
std::string pg_kinds(const std::vector<std::string>& kinds) {
  std::string text;
  for (const std::string& kind : kinds) text += (text.empty() ? "" : ",") + kind;
  return text;
}

/// What an UPDATE under a ticket came to.
Result<void> pg_written(const Result<PgRows>& rows, const JobTicket& ticket) {
  if (!rows) return std::unexpected(rows.error());
  if (rows->changed() != 1) return lost_lease(ticket);
  return {};
}

/// Ends jobs whose holders died too often for it to be chance. Those that another is at are left to
/// it, so that no two wait for one another.
Result<void> pg_give_up(PgConnection& connection, const JobLease& lease) {
  return only_done(connection.ask(
      "UPDATE jobs SET state = 'failed', updated = $1, expires = $2, "
      "interruptions = interruptions + 1, "
      "error = 'Its worker ended while at it, ' || (interruptions + 1) || ' times' "
      "WHERE id = ANY (ARRAY(SELECT id FROM jobs WHERE state = 'running' AND leased_until <= $1 "
      "AND interruptions >= $3 FOR UPDATE SKIP LOCKED))",
      microseconds(lease.now), microseconds(lease.expires), lease.most_interruptions));
}

// Jobs that are due at $1 and of the kinds $2.
#define ARA_PG_DUE_JOBS                                                         \
  "FROM jobs WHERE state IN ('queued', 'running') "                             \
  "AND (CASE state WHEN 'queued' THEN not_before ELSE leased_until END) <= $1 " \
  "AND kind = ANY (string_to_array($2, ','))"

/// Leases the oldest that no other is leasing, touching or ending just now, without waiting. One
/// that pg_give_up has left to another may be free by now, and is not leased again.
Result<std::optional<JobRow>> pg_take_job(PgConnection& connection, const JobLease& lease,
                                          const std::string& kinds) {
  return pg_one_job(connection.ask(
      "UPDATE jobs SET interruptions = interruptions + (state = 'running')::integer, "
      "state = 'running', fence = fence + 1, holder = $4, leased_until = $3, "
      "heartbeat = $1, updated = $1 WHERE id = (SELECT id " ARA_PG_DUE_JOBS
      " AND (state = 'queued' OR interruptions < $5) "
      "ORDER BY created, id LIMIT 1 FOR UPDATE SKIP LOCKED) "
      "RETURNING " ARA_PG_JOB_COLUMNS ", result",
      microseconds(lease.now), kinds, microseconds(lease.until), lease.holder,
      lease.most_interruptions));
}

/// True where it was no champion before.
Result<bool> pg_promote(PgConnection& connection, const std::string& id, WallTime when) {
  // Locked, lest another promote it between the look and the write.
  const auto other = connection.ask(
      "SELECT id FROM model_versions WHERE id = $1 AND status <> 'champion' FOR UPDATE", id);
  if (!other) return std::unexpected(other.error());
  return write_status(connection, id, ModelStatus::champion, {}, when).transform([&] {
    return !other->empty();
  });
}

Result<void> pg_write_effects(PgConnection& connection, const JobEnd& end) {
  const JobEffects& effects = end.effects;
  auto done = write_forecasts(connection, effects.forecasts).and_then([&] {
    return write_versions(connection, effects.models);
  });
  if (!done) return done;
  for (const std::string& id : effects.promoted) {
    const auto promoted = pg_promote(connection, id, end.now);
    if (!promoted) return std::unexpected(promoted.error());
    if (!*promoted) continue;
    if (auto noted = write_audit(connection, promoted_by(end, id)); !noted) return noted;
  }
  for (const EventRow& event : effects.events) {
    const auto told = write_event(connection, event, "", kMostWaiting);
    if (!told) return std::unexpected(told.error());
  }
  return {};
}

}  // namespace

Result<PutJob> PostgresStore::put_job(const JobRow& job, std::size_t most_open, const Call& call) {
  return write(DbOperation::jobs, call, [&](PgConnection& connection) -> Result<PutJob> {
    if (auto locked = pg_lock_puts(connection, job); !locked)
      return std::unexpected(locked.error());
    auto found = pg_repeated(connection, job);
    if (!found) return std::unexpected(std::move(found.error()));
    if (*found) return PutJob{std::move(**found), false};
    return pg_check_room(connection, job.owner, most_open)
        .and_then([&] { return pg_insert_job(connection, job); })
        .transform([](JobRow&& made) { return PutJob{std::move(made), true}; });
  });
}

Result<std::optional<JobRow>> PostgresStore::find_job(const std::string& id, const Call& call) {
  return read(DbOperation::jobs, call,
              [&](PgConnection& connection) { return pg_read_job(connection, id); });
}

Result<JobPage> PostgresStore::jobs(const JobFilter& filter, const Call& call) {
// What is not asked for is empty, and lets every row pass.
#define ARA_PG_JOB_FILTER                                                \
  "FROM jobs WHERE ($1 = '' OR owner = $1) AND ($2 = '' OR state = $2) " \
  "AND ($3 = '' OR kind = ANY (string_to_array($3, ','))) "              \
  "AND (expires = 0 OR expires > $4)"
  const std::string owner = filter.owner.value_or("");
  const std::string_view state = filter.state ? to_string(*filter.state) : std::string_view();
  const std::string kinds = pg_kinds(filter.kinds);
  return read(DbOperation::jobs, call, [&](PgConnection& connection) -> Result<JobPage> {
    const auto rows = connection.ask(
        "SELECT page.*, all_of.total FROM (SELECT count(*) AS total " ARA_PG_JOB_FILTER
        ") all_of LEFT JOIN (SELECT " ARA_PG_JOB_COLUMNS " " ARA_PG_JOB_FILTER
        " ORDER BY created DESC, id DESC LIMIT $5 OFFSET $6) page ON true "
        "ORDER BY page.created DESC, page.id DESC",
        owner, state, kinds, microseconds(filter.now), pg_job_window(filter.limit),
        pg_job_window(filter.offset));
    if (!rows) return std::unexpected(rows.error());
    JobPage page{.jobs = {}, .total = static_cast<std::size_t>(rows->integer(0, kPgAfterJob))};
    // An empty page has one row, whose job is NULL.
    for (int row = 0; row < rows->size() && !rows->null(row, 0); ++row) {
      auto job = pg_job_of(*rows, row);
      if (!job) return std::unexpected(std::move(job.error()));
      page.jobs.push_back(std::move(*job));
    }
    return page;
  });
}

Result<JobCounts> PostgresStore::count_jobs(const Call& call) {
  return read(DbOperation::jobs, call, [&](PgConnection& connection) -> Result<JobCounts> {
    const auto row = connection.ask(
        "SELECT count(*) FILTER (WHERE state = 'queued'), "
        "count(*) FILTER (WHERE state = 'running'), "
        "coalesce(min(not_before) FILTER (WHERE state = 'queued'), 0) "
        "FROM jobs WHERE state IN ('queued', 'running')");
    if (!row) return std::unexpected(row.error());
    JobCounts counts{static_cast<std::size_t>(row->integer(0, 0)),
                     static_cast<std::size_t>(row->integer(0, 1)), std::nullopt};
    if (counts.queued > 0) counts.first_due = wall_time(row->integer(0, 2));
    return counts;
  });
}

Result<std::optional<JobRow>> PostgresStore::lease_job(const JobLease& lease, const Call& call) {
  const std::string kinds = pg_kinds(lease.kinds);
  // Idle holders ask often, and should cost no transaction that writes.
  const auto due = read(DbOperation::jobs, call, [&](PgConnection& connection) -> Result<bool> {
    return connection
        .ask("SELECT EXISTS (SELECT 1 " ARA_PG_DUE_JOBS ")", microseconds(lease.now), kinds)
        .transform([](const PgRows& row) { return row.flag(0, 0); });
  });
  if (!due) return std::unexpected(due.error());
  if (!*due) return std::nullopt;
  return write(DbOperation::jobs, call,
               [&](PgConnection& connection) -> Result<std::optional<JobRow>> {
                 return pg_give_up(connection, lease).and_then([&] {
                   return pg_take_job(connection, lease, kinds);
                 });
               });
}

Result<void> PostgresStore::touch_job(const JobTouch& touch, const Call& call) {
  return write(DbOperation::jobs, call, [&](PgConnection& connection) {
    return pg_written(
        connection.ask("UPDATE jobs SET leased_until = $1, heartbeat = $2, updated = $2, "
                       "progress = greatest(progress, least(coalesce($3, 0), 1)), message = $4 "
                       "WHERE id = $5 AND state = 'running' AND fence = $6",
                       microseconds(touch.until), microseconds(touch.now), touch.progress,
                       touch.message, touch.ticket.id, touch.ticket.fence),
        touch.ticket);
  });
}

Result<void> PostgresStore::return_job(const JobReturn& back, const Call& call) {
  const std::string error = back.error.value_or("");
  return write(DbOperation::jobs, call, [&](PgConnection& connection) {
    return pg_written(
        connection.ask("UPDATE jobs SET state = 'queued', updated = $1, not_before = $2, "
                       "attempts = attempts + $3, error = CASE $3 WHEN 1 THEN $4 ELSE error END "
                       "WHERE id = $5 AND state = 'running' AND fence = $6",
                       microseconds(back.now), microseconds(back.not_before),
                       back.error.has_value(), error, back.ticket.id, back.ticket.fence),
        back.ticket);
  });
}

Result<void> write_end(PgConnection& connection, const JobEnd& end) {
  return pg_written(
             connection.ask("UPDATE jobs SET state = $1, updated = $2, expires = $3, "
                            "result = $4, error = $5, "
                            "attempts = attempts + ($1 = 'failed')::integer, "
                            "progress = CASE $1 WHEN 'done' THEN 1 ELSE progress END "
                            "WHERE id = $6 AND state = 'running' AND fence = $7",
                            to_string(end.state), microseconds(end.now), microseconds(end.expires),
                            end.result, end.error, end.ticket.id, end.ticket.fence),
             end.ticket)
      .and_then([&] { return pg_write_effects(connection, end); });
}

Result<void> PostgresStore::finish_job(const JobEnd& end, const Call& call) {
  if (auto checked = check_end(end); !checked) return checked;
  return write(
      DbOperation::jobs, call, [&](PgConnection& connection) { return write_end(connection, end); },
      slots_of_forecasts(end.effects.forecasts));
}

Result<JobRow> PostgresStore::cancel_job(const std::string& id, WallTime now, WallTime expires,
                                         const Call& call) {
  return write(DbOperation::jobs, call, [&](PgConnection& connection) -> Result<JobRow> {
    auto done =
        only_done(connection.ask("UPDATE jobs SET state = 'cancelled', updated = $1, expires = $2 "
                                 "WHERE id = $3 AND state IN ('queued', 'running')",
                                 microseconds(now), microseconds(expires), id));
    if (!done) return std::unexpected(std::move(done.error()));
    auto job = pg_read_job(connection, id);
    if (!job) return std::unexpected(std::move(job.error()));
    if (!*job) return no_job(id);
    return std::move(**job);
  });
}

Result<std::uint64_t> PostgresStore::prune_jobs(WallTime now, const Call& call) {
  for (std::uint64_t total = 0;;) {
    const auto deleted =
        write(DbOperation::jobs, call, [&](PgConnection& connection) -> Result<std::uint64_t> {
          return connection
              .ask(
                  "DELETE FROM jobs WHERE id = ANY (ARRAY(SELECT id FROM jobs "
                  "WHERE expires > 0 AND expires <= $1 ORDER BY expires LIMIT $2 "
                  "FOR UPDATE SKIP LOCKED))",
                  microseconds(now), kPgJobsAtOnce)
              .transform([](const PgRows& rows) { return rows.changed(); });
        });
    if (!deleted) return std::unexpected(deleted.error());
    total += *deleted;
    if (*deleted < kPgJobsAtOnce) return total;
  }
}

}  // namespace ara::storage
