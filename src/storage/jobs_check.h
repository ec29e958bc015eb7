#pragma once

#include <string>
#include <string_view>

#include "storage/accounts.h"
#include "storage/jobs.h"

/// What every store of jobs refuses, and in which words.
namespace ara::storage {

/// Code::invalid unless it ends as done or failed.
Result<void> check_end(const JobEnd& end);

std::unexpected<Error> too_many_jobs(std::size_t most_open);  ///< Code::overloaded
std::unexpected<Error> no_job(const std::string& id);         ///< Code::not_found
std::unexpected<Error> lost_lease(const JobTicket& ticket);   ///< Code::conflict

/// The state of a stored job; Code::corrupt.
Result<JobState> stored_job_state(std::string_view id, std::string_view name);

/// What the audit log has of a model that a job has promoted.
AuditRow promoted_by(const JobEnd& end, const std::string& model);

}  // namespace ara::storage
