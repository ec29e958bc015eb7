#include "storage/postgres_joint.h"
#include "storage/reshard.h"
#include "storage/reshard_record.h"
#include "storage/shard_fleet.h"

namespace ara::storage {
namespace {

/// With a shard that is down: then its symbols are not counted.
constexpr std::chrono::seconds kLookAtShard{20};

}  // namespace

Result<ShardsReport> report_shards(const std::string& place) {
  const auto fleet = ShardFleet::open(place);
  if (!fleet) return std::unexpected(fleet.error());
  const auto view = (*fleet)->view();
  ShardsReport report{.epoch = view->map.epoch, .shards = {}, .placed = view->map.placed};
  for (const auto& [number, one] : view->shards) {
    const Call call{Deadline::after(kLookAtShard)};
    const auto symbols =
        one->store().primary().read(DbOperation::fleet, call, [](PgConnection& connection) {
          return connection
              .ask(
                  "SELECT count(*) FROM symbols s JOIN owned_slots o ON o.slot = s.slot "
                  "WHERE o.state = 'owned'")
              .transform(
                  [](const PgRows& row) { return static_cast<std::uint64_t>(row.integer(0, 0)); });
        });
    report.shards.push_back(
        {one->row(), view->map.count_of(number), symbols ? std::optional(*symbols) : std::nullopt});
  }
  const auto recorded = view->catalog().store().primary().read(
      DbOperation::fleet, Call{}, [&](PgConnection& connection) -> Result<void> {
        const auto work = read_work(connection);
        if (!work) return std::unexpected(work.error());
        if (!*work) return {};
        report.under_way = (*work)->request;
        const auto moves = read_moves(connection);
        if (!moves) return std::unexpected(moves.error());
        for (const RecordedMove& one : *moves) {
          report.slots_to_move += one.move.slots.size();
          report.slots_moved += one.done ? one.move.slots.size() : 0;
        }
        return {};
      });
  if (!recorded) return std::unexpected(recorded.error());
  return report;
}

}  // namespace ara::storage
