#include "storage/jobs_check.h"

#include <algorithm>
#include <array>

#include "base/format.h"

namespace ara::storage {
namespace {

struct JobStateRow {
  JobState state;
  std::string_view name;
};

constexpr std::array kJobStates{
    JobStateRow{JobState::queued, "queued"},       JobStateRow{JobState::running, "running"},
    JobStateRow{JobState::done, "done"},           JobStateRow{JobState::failed, "failed"},
    JobStateRow{JobState::cancelled, "cancelled"},
};

}  // namespace

std::string_view to_string(JobState state) {
  return std::ranges::find(kJobStates, state, &JobStateRow::state)->name;
}

Result<JobState> parse_job_state(std::string_view name) {
  std::string allowed = "one of";
  for (const JobStateRow& row : kJobStates) {
    if (row.name == name) return row.state;
    allowed += (&row == &kJobStates.front() ? " " : ", ") + std::string(row.name);
  }
  return invalid("state", name, allowed);
}

bool ended(JobState state) {
  return state != JobState::queued && state != JobState::running;
}

Result<void> check_end(const JobEnd& end) {
  if (end.state == JobState::done || end.state == JobState::failed) return {};
  return invalid("state", to_string(end.state), "done or failed");
}

std::unexpected<Error> too_many_jobs(std::size_t most_open) {
  return fail(Code::overloaded,
              ara::format("There are {} jobs that have not ended; wait for some, or cancel them",
                          most_open));
}

std::unexpected<Error> no_job(const std::string& id) {
  return fail(Code::not_found, "There is no job '" + printable(id) + "'");
}

std::unexpected<Error> lost_lease(const JobTicket& ticket) {
  return fail(Code::conflict, "the job '" + printable(ticket.id) +
                                  "' is no longer leased by this holder: another has it, or it "
                                  "has ended");
}

Result<JobState> stored_job_state(std::string_view id, std::string_view name) {
  const auto state = parse_job_state(name);
  if (state) return *state;
  return fail(Code::corrupt,
              "the stored job '" + printable(id) + "' cannot be read: " + state.error().message);
}

AuditRow promoted_by(const JobEnd& end, const std::string& model) {
  return {
      .when = end.now, .actor = "job " + end.ticket.id, .action = "model.promote", .target = model};
}

}  // namespace ara::storage
