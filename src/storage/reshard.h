#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/shard_copy.h"
#include "storage/shard_map.h"

/// Shards are added and removed while the store is in use; docs/adr/0010 describes the protocol.
namespace ara::storage {

enum class ReshardAction { add, remove };
std::string_view to_string(ReshardAction action);

struct ReshardRequest {
  ReshardAction action = ReshardAction::add;
  std::string name;
  std::string hosts;  ///< of a shard that is added: see ShardRow
};

struct ReshardProgress {
  int slots_moved = 0;
  int slots = 0;                               ///< to be moved in all
  RowCounts rows;                              ///< moved so far
  std::uint64_t symbols = 0;                   ///< in the whole store when it began
  std::chrono::milliseconds longest_freeze{};  ///< that a writer of these slots may have waited
};

/// What a caller may look at and, in tests, stop.
struct ReshardWatch {
  std::function<void(const ReshardProgress&)> progress;
  std::function<bool(std::string_view step)> stop_before;
};

/// Does what is asked, or goes on with it where it was interrupted; the store at `place` goes on
/// serving. Done already: progress without slots. Code::unsupported for a store that is not on
/// PostgreSQL, conflict while another reshard is under way, invalid for a name or servers that
/// cannot be meant.
Result<ReshardProgress> reshard(const std::string& place, const ReshardRequest& request,
                                const ReshardWatch& watch = {});

struct ShardState {
  ShardRow row;
  int slots = 0;
  std::optional<std::uint64_t> symbols;  ///< nothing where the shard cannot be reached
};
struct ShardsReport {
  std::uint64_t epoch = 0;
  std::vector<ShardState> shards;
  std::vector<PlacedSlots> placed;
  std::optional<ReshardRequest> under_way;
  int slots_moved = 0;
  int slots_to_move = 0;
};
/// The errors of reshard.
Result<ShardsReport> report_shards(const std::string& place);

}  // namespace ara::storage
