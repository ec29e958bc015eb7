#include "storage/postgres_pool.h"

#include <algorithm>

#include "storage/patience.h"

namespace ara::storage {
namespace {

/// How long one of several hosts may take before the next is tried.
constexpr std::chrono::milliseconds kConnectTimeout{1500};

Call at_most(const Call& call, std::chrono::milliseconds span) {
  return {Deadline{std::min(call.deadline.at, system_clock().steady() + span)}};
}

}  // namespace

PgPool::PgPool(PgPlace place, PgRole role, PgPoolLimits limits, DbMetersPtr meters)
    : place_(std::move(place)), role_(role), limits_(limits), meters_(std::move(meters)) {
  if (meters_) meters_->show_pool(place_.shown, limits_.size + limits_.overflow, counts_);
}

Result<void> PgPool::ask_role(PgConnection& connection) const {
  const auto standby = connection.run("SELECT pg_is_in_recovery()");
  if (!standby) return std::unexpected(standby.error());
  if (role_ == PgRole::primary && standby->flag(0, 0)) {
    return fail(Code::unavailable, "PostgreSQL: that server takes no writes");
  }
  return {};
}

Result<std::unique_ptr<PgConnection>> PgPool::open(const Call& call) {
  std::string reasons;
  const std::size_t first = preferred_.load(std::memory_order_relaxed);
  for (std::size_t i = 0; i < place_.hosts.size(); ++i) {
    const std::size_t host = (first + i) % place_.hosts.size();
    if (call.deadline.passed(system_clock().steady())) {
      return fail(Code::deadline, "no server of " + place_.shown + " answered in time");
    }
    auto opened = PgConnection::open(place_.hosts[host], at_most(call, kConnectTimeout));
    auto role = opened ? ask_role(**opened) : Result<void>(std::unexpected(opened.error()));
    if (role) {
      preferred_.store(host, std::memory_order_relaxed);
      return opened;
    }
    if (!reasons.contains(role.error().message)) reasons += "; " + role.error().message;
  }
  return fail(Code::unavailable,
              (role_ == PgRole::primary ? "no primary among " : "no server among ") + place_.shown +
                  reasons);
}

std::unique_ptr<PgConnection> PgPool::take_idle(const Call& call) {
  for (;;) {
    std::unique_ptr<PgConnection> connection;
    {
      const std::lock_guard lock(mutex_);
      if (idle_.empty()) return nullptr;
      connection = std::move(idle_.back());
      idle_.pop_back();
      counts_->idle = idle_.size();
    }
    const SteadyTime now = system_clock().steady();
    if (now - connection->opened() > limits_.max_age) continue;
    if (now - connection->heard() <= limits_.ping_after) return connection;
    connection->start(at_most(call, kConnectTimeout));
    if (ask_role(*connection)) return connection;
  }
}

Result<void> PgPool::admit(const Call& call) {
  const SteadyTime now = system_clock().steady();
  if (call.deadline.passed(now)) {
    return fail(Code::deadline, "the store was asked after the deadline");
  }
  std::unique_lock lock(mutex_);
  const SteadyTime until = std::min(call.deadline.at, now + limits_.wait);
  const std::size_t most = limits_.size + limits_.overflow;
  const bool free = freed_.wait_until(lock, until, [&] { return lent_ < most; });
  if (free) counts_->busy = ++lent_;
  lock.unlock();
  note_wait(meters_, now);
  if (free) return {};
  if (meters_) meters_->refused();
  return fail(until == call.deadline.at ? Code::deadline : Code::overloaded,
              "no connection to " + place_.shown + " came free in time");
}

Result<PgPool::Lease> PgPool::take(const Call& call, DbOperation operation) {
  if (auto admitted = admit(call); !admitted) return std::unexpected(admitted.error());
  const DbRole role = role_ == PgRole::primary ? DbRole::primary : DbRole::replica;
  auto connection = take_idle(call);
  if (!connection) {
    auto opened = open(call);
    if (!opened) {
      forget_one();
      if (meters_) meters_->failed(operation, role);
      return std::unexpected(opened.error());
    }
    connection = std::move(*opened);
  }
  connection->start(call);
  return Lease(*this, std::move(connection), DbTimer(meters_, operation, role));
}

void PgPool::forget_one() {
  {
    const std::lock_guard lock(mutex_);
    counts_->busy = --lent_;
  }
  freed_.notify_one();
}

void PgPool::give_back(std::unique_ptr<PgConnection> connection) {
  if (connection->healthy() && !connection->in_transaction()) {
    const std::lock_guard lock(mutex_);
    if (idle_.size() < limits_.size) idle_.push_back(std::move(connection));
    counts_->idle = idle_.size();
  }
  connection.reset();
  forget_one();
}

std::size_t PgPool::lent() const {
  const std::lock_guard lock(mutex_);
  return lent_;
}

std::size_t PgPool::idle() const {
  const std::lock_guard lock(mutex_);
  return idle_.size();
}

}  // namespace ara::storage
