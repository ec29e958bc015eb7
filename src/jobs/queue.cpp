#include "jobs/queue.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <random>

#include "base/hash.h"
#include "jobs/payload.h"

namespace ara::jobs {
namespace {

constexpr std::size_t kMostKey = 128;
constexpr std::chrono::milliseconds kLookEvery{50};

/// Unique; no secret, since whose it is is checked.
std::string new_id() {
  std::random_device device;
  const auto word = [&] { return (std::uint64_t{device()} << 32) | device(); };
  return "job_" + to_hex(Hash128{word(), word()});
}

Result<void> check_key(const std::string& key) {
  const auto graphic = [](char c) { return c > 0x20 && c < 0x7F; };
  if (key.size() <= kMostKey && std::ranges::all_of(key, graphic)) return {};
  return invalid("Idempotency-Key", key, "1 to 128 graphic ASCII characters");
}

}  // namespace

std::unexpected<Error> no_such_job(const std::string& id) {
  return std::unexpected(Error{Code::not_found, "There is no job '" + printable(id) + "'", "job_id",
                               printable(id), "the id of a job of yours that has not expired"});
}

Queue::Queue(std::shared_ptr<storage::JobStore> store, std::shared_ptr<const registry::Shelf> shelf,
             QueueOptions options, const Clock& clock)
    : store_(std::move(store)), shelf_(std::move(shelf)), options_(options), clock_(clock) {}

Result<storage::PutJob> Queue::enqueue(NewJob job, const Call& call) {
  const auto kind = find_kind(job.kind);
  if (!kind) return std::unexpected(kind.error());
  if (auto good = check_key(job.idempotency_key); !good) return std::unexpected(good.error());
  auto prepared = (*kind)->prepare(job.payload, *shelf_);
  if (!prepared) return std::unexpected(std::move(prepared.error()));
  storage::JobRow row;
  row.id = new_id();
  row.owner = std::move(job.owner);
  row.kind = std::move(job.kind);
  row.payload = std::move(prepared->payload);
  row.idempotency_key = std::move(job.idempotency_key);
  row.slot = std::move(prepared->slot);
  row.max_attempts = (*kind)->max_attempts;
  row.created = clock_.now();
  const std::size_t most = row.owner == kSystem ? options_.most_open_of_system : options_.most_open;
  auto put = store_->put_job(row, most, call);
  if (!put || put->created) return put;
  if (put->job.kind != row.kind || put->job.payload != row.payload) {
    return invalid("Idempotency-Key", row.idempotency_key,
                   "a key that no other request of yours had");
  }
  return put;
}

Result<storage::PutJob> Queue::refresh(const domain::Symbol& symbol, const Call& call) {
  return enqueue({.owner = std::string(kSystem),
                  .kind = "refresh",
                  .payload = "{\"symbol\":" + json_text(symbol.text()) + "}",
                  .idempotency_key = {}},
                 call);
}

Result<storage::JobRow> Queue::find(std::optional<std::string_view> owner, const std::string& id,
                                    const Call& call) {
  auto row = store_->find_job(id, call);
  if (!row) return std::unexpected(std::move(row.error()));
  const bool there = *row && (!owner || (*row)->owner == *owner) &&
                     (!(*row)->expires || *(*row)->expires > clock_.now());
  if (!there) return no_such_job(id);
  return std::move(**row);
}

Result<storage::JobPage> Queue::list(storage::JobFilter filter, const Call& call) {
  filter.now = clock_.now();
  return store_->jobs(filter, call);
}

Result<storage::JobRow> Queue::cancel(std::optional<std::string_view> owner, const std::string& id,
                                      const Call& call) {
  if (auto mine = find(owner, id, call); !mine) return mine;
  const WallTime now = clock_.now();
  return store_->cancel_job(id, now, now + options_.keep, call);
}

Result<storage::JobRow> Queue::wait(std::optional<std::string_view> owner, const std::string& id,
                                    Deadline deadline) {
  std::mutex mutex;
  std::condition_variable never;
  for (;;) {
    auto row = find(owner, id, Call{});
    if (!row || storage::ended(row->state) || deadline.passed(clock_.steady())) return row;
    std::unique_lock lock(mutex);
    never.wait_for(lock, kLookEvery, [] { return false; });
  }
}

}  // namespace ara::jobs
