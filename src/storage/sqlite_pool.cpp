#include "storage/sqlite_pool.h"

#include <algorithm>

namespace ara::storage {

Result<SqlitePool::Lease> SqlitePool::take(const Call& call) {
  const SteadyTime now = system_clock().steady();
  if (call.deadline.passed(now)) {
    return fail(Code::deadline, "the store was asked after the deadline");
  }
  std::unique_ptr<SqliteConnection> connection;
  {
    std::unique_lock lock(mutex_);
    const SteadyTime until = std::min(call.deadline.at, now + kPatience);
    if (!freed_.wait_until(lock, until, [&] { return lent_ < capacity_; })) {
      if (until == call.deadline.at) {
        return fail(Code::deadline, "no connection to the store came free in time");
      }
      return fail(Code::overloaded, "no connection to the store came free in a minute");
    }
    ++lent_;
    if (!idle_.empty()) {
      connection = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (!connection) {
    auto opened = open_();
    if (!opened) {
      give_back(nullptr);
      return std::unexpected(opened.error());
    }
    connection = std::move(*opened);
  }
  connection->start(call);
  return Lease(*this, std::move(connection));
}

void SqlitePool::give_back(std::unique_ptr<SqliteConnection> connection) {
  {
    const std::lock_guard lock(mutex_);
    --lent_;
    if (connection) idle_.push_back(std::move(connection));
  }
  freed_.notify_one();
}

}  // namespace ara::storage
