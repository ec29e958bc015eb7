#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "domain/symbol.h"
#include "jobs/kinds.h"
#include "storage/jobs.h"

namespace ara::jobs {

/// The owner of what ARA asks of itself, e.g. refreshes after new bars.
inline constexpr std::string_view kSystem = "system";

/// That there is no job of that id, or none for the one who asks.
std::unexpected<Error> no_such_job(const std::string& id);

/// What is asked for.
struct NewJob {
  std::string owner;  ///< an account's id
  std::string kind;
  std::string payload;          ///< a JSON object; see the kind
  std::string idempotency_key;  ///< a client's own name for the request; empty: none
};

struct QueueOptions {
  std::size_t most_open = 1000;  ///< jobs of one owner that have not ended
  std::size_t most_open_of_system = 100'000;
  std::chrono::seconds keep{7 * 24 * 3600};  ///< what was cancelled
};

/// The jobs as those see them who ask for them. Another owner's job is Code::not_found, as is one
/// that never was; no owner given means the operator, who sees all. Thread-safe, blocking.
class Queue {
 public:
  Queue(std::shared_ptr<storage::JobStore> store, std::shared_ptr<const registry::Shelf> shelf,
        QueueOptions options = {}, const Clock& clock = system_clock());

  /// Checks the payload and queues the job. The same idempotency key gives the same job, and
  /// Code::invalid on field "Idempotency-Key" where it was used for another request; so does a slot
  /// that is taken. Code::overloaded where the owner has too many jobs that have not ended.
  Result<storage::PutJob> enqueue(NewJob job, const Call& call);
  /// The forecasts of a symbol made anew, unless that is queued already.
  Result<storage::PutJob> refresh(const domain::Symbol& symbol, const Call& call);

  Result<storage::JobRow> find(std::optional<std::string_view> owner, const std::string& id,
                               const Call& call);
  /// filter.now is set here.
  Result<storage::JobPage> list(storage::JobFilter filter, const Call& call);
  /// The job as it is then; what has ended stays as it ended.
  Result<storage::JobRow> cancel(std::optional<std::string_view> owner, const std::string& id,
                                 const Call& call);
  /// The job once it has ended, or as it is at the deadline.
  Result<storage::JobRow> wait(std::optional<std::string_view> owner, const std::string& id,
                               Deadline deadline);

 private:
  const std::shared_ptr<storage::JobStore> store_;
  const std::shared_ptr<const registry::Shelf> shelf_;
  const QueueOptions options_;
  const Clock& clock_;
};

}  // namespace ara::jobs
