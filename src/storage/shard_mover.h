#pragma once

#include <chrono>
#include <functional>
#include <string_view>

#include "storage/reshard.h"
#include "storage/shard_copy.h"

namespace ara::storage {

class PostgresStore;

/// Takes part of what one reshard does: one range of slots from its shard to another.
class ShardMover {
 public:
  ShardMover(PostgresStore& catalog, PostgresStore& source, PostgresStore& target,
             const ReshardWatch& watch)
      : catalog_(catalog), source_(source), target_(target), watch_(watch) {}

  /// Copies while all goes on, then holds the writers of these slots, copies what has changed
  /// since and hands over. What was moved; moved() where another was quicker, or an earlier try is
  /// not settled yet: to be tried again.
  Result<RowCounts> move(const SlotMove& move);
  /// Deletes what the source no longer owns.
  Result<void> clean(const SlotMove& move);

  /// How long writers may have waited, at most.
  std::chrono::milliseconds freeze() const { return freeze_; }

 private:
  Result<void> mark(const SlotMove& move);
  Result<RowCounts> copy(const SlotMove& move);
  Result<void> hand_over(const SlotMove& move, const RowCounts& rows);
  bool stop(std::string_view step) const { return watch_.stop_before && watch_.stop_before(step); }

  PostgresStore& catalog_;
  PostgresStore& source_;
  PostgresStore& target_;
  const ReshardWatch& watch_;
  std::chrono::milliseconds freeze_{};
};

}  // namespace ara::storage
