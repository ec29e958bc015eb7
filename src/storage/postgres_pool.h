#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

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
    Lease(PgPool& pool, std::unique_ptr<PgConnection> connection)
        : pool_(&pool), connection_(std::move(connection)) {}
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (connection_) pool_->give_back(std::move(connection_));
    }
    PgConnection& operator*() const { return *connection_; }
    PgConnection* operator->() const { return connection_.get(); }

   private:
    PgPool* pool_;
    std::unique_ptr<PgConnection> connection_;
  };

  PgPool(PgPlace place, PgRole role, PgPoolLimits limits)
      : place_(std::move(place)), role_(role), limits_(limits) {}

  /// Code::deadline or overloaded where none comes free in time; unavailable where no server of
  /// that role can be reached. The connection is started with `call`.
  Result<Lease> take(const Call& call);

  const PgPlace& place() const { return place_; }
  std::size_t lent() const;
  std::size_t idle() const;

 private:
  Result<std::unique_ptr<PgConnection>> open(const Call& call);
  /// An idle connection that is still what it must be; null where there is none.
  std::unique_ptr<PgConnection> take_idle(const Call& call);
  Result<void> ask_role(PgConnection& connection) const;
  void give_back(std::unique_ptr<PgConnection> connection);
  void forget_one();

  const PgPlace place_;
  const PgRole role_;
  const PgPoolLimits limits_;
  std::atomic<std::size_t> preferred_ = 0;  ///< the host that was right last time
  mutable std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<std::unique_ptr<PgConnection>> idle_;
  std::size_t lent_ = 0;  ///< on loan, or being opened
};

}  // namespace ara::storage
