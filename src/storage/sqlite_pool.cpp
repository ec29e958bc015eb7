#include "storage/sqlite_pool.h"

#include <algorithm>

namespace ara::storage {

Result<std::unique_ptr<SqliteConnection>> SqlitePool::admit(const Call& call) {
  const SteadyTime now = system_clock().steady();
  if (call.deadline.passed(now)) {
    return fail(Code::deadline, "the store was asked after the deadline");
  }
  std::unique_lock lock(mutex_);
  const SteadyTime until = std::min(call.deadline.at, now + kPatience);
  const bool free = freed_.wait_until(lock, until, [&] { return lent_ < capacity_; });
  std::unique_ptr<SqliteConnection> connection;
  if (free) counts_->busy = ++lent_;
  if (free && !idle_.empty()) {
    connection = std::move(idle_.back());
    idle_.pop_back();
    counts_->idle = idle_.size();
  }
  lock.unlock();
  note_wait(meters_, now);
  if (free) return connection;
  if (meters_) meters_->refused();
  if (until == call.deadline.at) {
    return fail(Code::deadline, "no connection to the store came free in time");
  }
  return fail(Code::overloaded, "no connection to the store came free in a minute");
}

Result<SqlitePool::Lease> SqlitePool::take(const Call& call, DbOperation operation) {
  auto connection = admit(call);
  if (!connection) return std::unexpected(connection.error());
  if (!*connection) {
    auto opened = open_();
    if (!opened) {
      give_back(nullptr);
      if (meters_) meters_->failed(operation, DbRole::embedded);
      return std::unexpected(opened.error());
    }
    *connection = std::move(*opened);
  }
  (*connection)->start(call);
  return Lease(*this, std::move(*connection), DbTimer(meters_, operation, DbRole::embedded));
}

void SqlitePool::give_back(std::unique_ptr<SqliteConnection> connection) {
  {
    const std::lock_guard lock(mutex_);
    counts_->busy = --lent_;
    if (connection) idle_.push_back(std::move(connection));
    counts_->idle = idle_.size();
  }
  freed_.notify_one();
}

}  // namespace ara::storage
