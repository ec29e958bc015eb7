#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "storage/db_meters.h"
#include "storage/moved.h"
#include "storage/postgres_connection.h"

namespace ara::storage {

/// How many connections a pool holds, and how long each.
struct PgPoolLimits {
  std::size_t size = 8;      ///< kept open
  std::size_t overflow = 4;  ///< opened beyond those while all are lent, closed when given back
  std::chrono::milliseconds wait{2000};       ///< for a free one, where the deadline is later
  std::chrono::seconds max_age{1800};         ///< then it is closed, lent no more
  std::chrono::milliseconds ping_after{500};  ///< unheard of for so long, it is asked first
};

/// Which server of a place a connection must be to.
enum class PgRole {
  primary,  ///< the one that takes writes, wherever it is now
  any,
};

/// A bounded set of connections to one place, lent to one thread at a time, the most recently used
/// first. A connection that was idle for a moment is asked who it is before it is lent: the server
/// may have gone, or be a primary no more.
class PgPool {
 public:
  class Lease {
   public:
    Lease(PgPool& pool, std::unique_ptr<PgConnection> connection, DbTimer timer)
        : timer_(std::move(timer)), pool_(&pool), connection_(std::move(connection)) {}
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (connection_) pool_->give_back(std::move(connection_));
    }
    PgConnection& operator*() const { return *connection_; }
    PgConnection* operator->() const { return connection_.get(); }
    /// Counts as failed where the error is one of the server or of the way to it.
    void note(const Error& error) {
      if (is_fault(error.code) && !is_moved(error)) timer_.note_failure();
    }

   private:
    DbTimer timer_;
    PgPool* pool_;
    std::unique_ptr<PgConnection> connection_;
  };

  /// `meters` may be null.
  PgPool(PgPlace place, PgRole role, PgPoolLimits limits, DbMetersPtr meters = nullptr);

  /// Code::deadline or overloaded where none comes free in time; unavailable where no server of
  /// that role can be reached. The connection is started with `call`.
  Result<Lease> take(const Call& call, DbOperation operation);

  const PgPlace& place() const { return place_; }
  std::size_t lent() const;
  std::size_t idle() const;

 private:
  /// Waits until one more may be lent.
  Result<void> admit(const Call& call);
  Result<std::unique_ptr<PgConnection>> open(const Call& call);
  /// An idle connection that is still what it must be; null where there is none.
  std::unique_ptr<PgConnection> take_idle(const Call& call);
  Result<void> ask_role(PgConnection& connection) const;
  void give_back(std::unique_ptr<PgConnection> connection);
  void forget_one();

  const PgPlace place_;
  const PgRole role_;
  const PgPoolLimits limits_;
  const DbMetersPtr meters_;
  const std::shared_ptr<PoolCounts> counts_ = std::make_shared<PoolCounts>();
  std::atomic<std::size_t> preferred_ = 0;  ///< the host that was right last time
  mutable std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<std::unique_ptr<PgConnection>> idle_;
  std::size_t lent_ = 0;  ///< on loan, or being opened
};

}  // namespace ara::storage
