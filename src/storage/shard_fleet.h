#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "storage/postgres_catalog.h"

namespace ara::storage {

/// One shard, as the map names it.
class FleetShard {
 public:
  FleetShard(ShardRow row, std::unique_ptr<PgShard> store, std::string fleet)
      : row_(std::move(row)), store_(std::move(store)), fleet_(std::move(fleet)) {}

  const ShardRow& row() const { return row_; }
  const std::string& fleet() const { return fleet_; }
  /// Its store, once the database has said that it is this shard of this fleet.
  Result<PgShard*> ready(const Call& call);
  PgShard& store() { return *store_; }

 private:
  const ShardRow row_;
  const std::unique_ptr<PgShard> store_;
  const std::string fleet_;
  std::atomic<bool> known_ = false;
};

/// The shards and the map at one epoch.
struct FleetView {
  ShardMap map;
  std::map<int, std::shared_ptr<FleetShard>> shards;

  FleetShard& holder(int slot) const { return *shards.at(map.shard_of(slot)); }
  FleetShard& catalog() const { return *shards.at(0); }
  std::map<int, PostgresStore*> primaries() const;
};

/// Follows the shard map: a thread asks for its epoch, and settles what others left prepared.
class ShardFleet {
 public:
  /// Connects to the catalog; Code::unavailable if that has no primary within a minute.
  static Result<std::unique_ptr<ShardFleet>> open(const std::string& uri,
                                                  const StoreOptions& options);
  /// The same with few connections, for commands; Code::unsupported where `place` is a file.
  static Result<std::unique_ptr<ShardFleet>> open(const std::string& place);
  ~ShardFleet();

  std::shared_ptr<const FleetView> view() const;

  /// For who was told that a slot has moved: waits, at most until the deadline, for the map or for
  /// the shards to have got further. False where there is no sense in another try.
  class Chase {
   public:
    bool again(ShardFleet& fleet, const Call& call);

   private:
    std::chrono::milliseconds pause_{1};
    SteadyTime give_up_{};
  };

  /// Reads the map anew if it has changed.
  Result<void> refresh(const Call& call);
  /// Reads it anew in any case, and the name of the fleet.
  Result<void> reread(const Call& call);
  Result<void> settle(const Call& call);

 private:
  ShardFleet(std::string uri, const StoreOptions& options)
      : uri_(std::move(uri)), options_(options) {}
  Result<void> start();
  Result<std::shared_ptr<const FleetView>> read(const Call& call);
  Result<void> replace(const Call& call);
  void watch();

  const std::string uri_;
  const StoreOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::shared_ptr<const FleetView> view_;
  std::mutex refreshing_;
  std::mutex settling_;
  SteadyTime settled_{};
  std::thread thread_;
};

}  // namespace ara::storage
