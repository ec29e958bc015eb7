#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "storage/db_meters.h"
#include "storage/sqlite_connection.h"

namespace ara::storage {

/// A bounded set of connections, opened when first needed and lent to one thread at a time, the
/// most recently used first (its page cache is the warmest). A pool of one is a lock with a
/// deadline.
class SqlitePool {
 public:
  using Open = std::function<Result<std::unique_ptr<SqliteConnection>>()>;

  /// A connection on loan; goes back at the end.
  class Lease {
   public:
    Lease(SqlitePool& pool, std::unique_ptr<SqliteConnection> connection, DbTimer timer)
        : timer_(std::move(timer)), pool_(&pool), connection_(std::move(connection)) {}
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (!connection_) return;
      if (connection_->failed()) timer_.note_failure();
      pool_->give_back(std::move(connection_));
    }
    SqliteConnection& operator*() const { return *connection_; }
    SqliteConnection* operator->() const { return connection_.get(); }

   private:
    DbTimer timer_;
    SqlitePool* pool_;
    std::unique_ptr<SqliteConnection> connection_;
  };

  /// `meters` may be null; `name` is how they show it.
  SqlitePool(std::size_t capacity, Open open, DbMetersPtr meters = nullptr,
             const std::string& name = "sqlite")
      : capacity_(capacity), open_(std::move(open)), meters_(std::move(meters)) {
    if (meters_) meters_->show_pool(name, capacity_, counts_);
  }

  /// Waits for a free connection until the deadline (Code::deadline), or for kPatience where there
  /// is none (Code::overloaded). The connection is started with `call`.
  Result<Lease> take(const Call& call, DbOperation operation);

 private:
  /// Waits until one more may be lent; an idle one, or null where there is none.
  Result<std::unique_ptr<SqliteConnection>> admit(const Call& call);
  void give_back(std::unique_ptr<SqliteConnection> connection);

  const std::size_t capacity_;
  const Open open_;
  const DbMetersPtr meters_;
  const std::shared_ptr<PoolCounts> counts_ = std::make_shared<PoolCounts>();
  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<std::unique_ptr<SqliteConnection>> idle_;
  std::size_t lent_ = 0;  ///< on loan, or being opened
};

}  // namespace ara::storage
