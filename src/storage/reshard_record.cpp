#include "storage/reshard_record.h"

#include <algorithm>
#include <random>

#include "base/format.h"
#include "base/hash.h"
#include "storage/postgres_catalog.h"

namespace ara::storage {
namespace {

constexpr std::string_view kNames = "1 to 63 of a-z, 0-9, '-' and '_'";

bool is_shard_name(std::string_view name) {
  return !name.empty() && name.size() <= 63 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

/// One work at a time looks at these tables and changes them.
Result<void> lock_work(PgConnection& connection) {
  return only_done(connection.ask("SELECT 1 FROM versions WHERE name = 'shards' FOR UPDATE"));
}

Result<std::optional<ReshardWork>> take_over(PgConnection& connection, const ReshardWork& work,
                                             const ReshardRequest& request,
                                             const std::string& holder) {
  const ReshardRequest& begun = work.request;
  // Of an addition that moved nothing yet, say to servers that are not the right ones, the opposite
  // is its end.
  if (begun.name == request.name && begun.action == ReshardAction::add &&
      request.action == ReshardAction::remove && !work.planned) {
    ReshardWork undone = work;
    undone.request.action = ReshardAction::remove;
    return end_work(connection, undone).transform([] { return std::optional<ReshardWork>(); });
  }
  if (begun.action != request.action || begun.name != request.name) {
    return fail(Code::conflict, ara::format("a reshard is under way that must be ended first: "
                                            "ara db reshard --{} {}",
                                            to_string(begun.action), begun.name));
  }
  if (request.action == ReshardAction::add && begun.hosts != request.hosts) {
    return fail(Code::conflict,
                ara::format("shard {} is being added at {}", begun.name, begun.hosts));
  }
  const auto taken = connection.ask(
      "UPDATE resharding SET holder = $1, held_until = now() + interval '3 s' "
      "WHERE holder = $1 OR held_until < now()",
      std::string_view(holder));
  if (!taken) return std::unexpected(taken.error());
  if (taken->changed() == 0) {
    return fail(Code::overloaded, "another ara db reshard is at work, or was a moment ago");
  }
  return work;
}

Result<void> insert_work(PgConnection& connection, ReshardAction action, int number,
                         const std::string& holder) {
  return only_done(connection.ask(
      "INSERT INTO resharding (one, action, shard, planned, symbols, holder, held_until) "
      "VALUES (1, $1, $2, false, 0, $3, now() + interval '3 s')",
      to_string(action), number, std::string_view(holder)));
}

}  // namespace

std::string_view to_string(ReshardAction action) {
  return action == ReshardAction::add ? "add" : "remove";
}

Result<std::string> fleet_name(PgConnection& connection) {
  if (auto locked = lock_work(connection); !locked) return std::unexpected(locked.error());
  const auto self = read_shard_self(connection);
  if (!self) return std::unexpected(self.error());
  if (*self) return (*self)->fleet;
  std::random_device random;
  const std::string name = ara::format("{:08x}{:08x}", random(), random());
  return only_done(connection.ask("INSERT INTO shard_self (one, fleet, number) VALUES (1, $1, 0)",
                                  std::string_view(name)))
      .transform([&] { return name; });
}

Result<std::optional<ReshardWork>> read_work(PgConnection& connection) {
  const auto row = connection.ask(
      "SELECT r.action, s.number, s.name, s.hosts, r.planned, r.symbols "
      "FROM resharding r JOIN shards s ON s.number = r.shard");
  if (!row) return std::unexpected(row.error());
  if (row->empty()) return std::nullopt;
  ReshardWork work;
  work.request = {row->text(0, 0) == "add" ? ReshardAction::add : ReshardAction::remove,
                  std::string(row->text(0, 2)), std::string(row->text(0, 3))};
  work.shard = {static_cast<int>(row->integer(0, 1)), work.request.name, work.request.hosts};
  work.planned = row->flag(0, 4);
  work.symbols = static_cast<std::uint64_t>(row->integer(0, 5));
  return work;
}

Result<std::optional<ReshardWork>> begin_work(PgConnection& connection,
                                              const ReshardRequest& request,
                                              const std::string& holder) {
  if (!is_shard_name(request.name)) return invalid("name", request.name, kNames);
  if (auto locked = lock_work(connection); !locked) return std::unexpected(locked.error());
  const auto work = read_work(connection);
  if (!work) return std::unexpected(work.error());
  if (*work) return take_over(connection, **work, request, holder);
  const auto map = read_shard_map(connection);
  if (!map) return std::unexpected(map.error());
  const auto known = std::ranges::find(map->shards, request.name, &ShardRow::name);
  const bool adds = request.action == ReshardAction::add;
  if (!adds && known == map->shards.end()) return std::nullopt;
  if (!adds && known->number == 0) {
    return invalid("remove", request.name, "a shard that is not the catalog");
  }
  if (adds && known != map->shards.end()) {
    if (known->hosts == request.hosts) return std::nullopt;
    return fail(Code::conflict, ara::format("there is a shard {} at {}", known->name,
                                            known->hosts.empty() ? "the catalog" : known->hosts));
  }
  const int number = adds ? map->shards.back().number + 1 : known->number;
  if (adds) {
    auto made =
        connection.ask("INSERT INTO shards (number, name, hosts) VALUES ($1, $2, $3)", number,
                       std::string_view(request.name), std::string_view(request.hosts));
    if (!made) return std::unexpected(made.error());
  }
  return insert_work(connection, request.action, number, holder)
      .and_then([&] { return count_change(connection, "shards"); })
      .and_then([&] { return read_work(connection); });
}

Result<void> renew_work(PgConnection& connection, const std::string& holder) {
  const auto renewed =
      connection.ask("UPDATE resharding SET held_until = now() + interval '3 s' WHERE holder = $1",
                     std::string_view(holder));
  if (!renewed) return std::unexpected(renewed.error());
  if (renewed->changed() == 1) return {};
  return fail(Code::conflict, "another ara db reshard has taken over");
}

Result<void> release_work(PgConnection& connection, const std::string& holder) {
  return only_done(connection.ask("UPDATE resharding SET held_until = now() WHERE holder = $1",
                                  std::string_view(holder)));
}

Result<void> record_plan(PgConnection& connection, const std::vector<SlotMove>& moves,
                         std::uint64_t symbols) {
  if (auto cleared = connection.ask("DELETE FROM shard_moves"); !cleared) {
    return std::unexpected(cleared.error());
  }
  std::vector<PgParams> rows;
  for (const SlotMove& one : moves) {
    rows.emplace_back(one.slots.first, one.slots.last, one.source, one.target);
  }
  auto written = connection.ask_each(
      "INSERT INTO shard_moves (first, last, source, target) VALUES ($1, $2, $3, $4)", rows);
  if (!written) return std::unexpected(written.error());
  return only_done(connection.ask("UPDATE resharding SET planned = true, symbols = $1", symbols));
}

Result<std::vector<RecordedMove>> read_moves(PgConnection& connection) {
  const auto rows = connection.ask(
      "SELECT first, last, source, target, done, symbols, bars, forecasts FROM shard_moves "
      "ORDER BY first");
  if (!rows) return std::unexpected(rows.error());
  std::vector<RecordedMove> moves;
  const auto number = [&](int row, int column) {
    return static_cast<int>(rows->integer(row, column));
  };
  const auto count = [&](int row, int column) {
    return static_cast<std::uint64_t>(rows->integer(row, column));
  };
  for (int row = 0; row < rows->size(); ++row) {
    moves.push_back({{{number(row, 0), number(row, 1)}, number(row, 2), number(row, 3)},
                     rows->flag(row, 4),
                     {count(row, 5), count(row, 6), count(row, 7)}});
  }
  return moves;
}

Result<void> record_move(PgConnection& connection, const SlotMove& move, const RowCounts& rows) {
  if (auto locked = lock_work(connection); !locked) return locked;
  const auto ticked = connection.ask(
      "UPDATE shard_moves SET done = true, symbols = $1, bars = $2, forecasts = $3 "
      "WHERE first = $4 AND last = $5 AND source = $6 AND target = $7 AND NOT done",
      rows.symbols, rows.bars, rows.forecasts, move.slots.first, move.slots.last, move.source,
      move.target);
  if (!ticked) return std::unexpected(ticked.error());
  if (ticked->changed() == 0) return std::unexpected(moved());
  auto map = read_shard_map(connection);
  if (!map) return std::unexpected(map.error());
  map->move(move.slots, move.target);
  return write_placement(connection, *map);
}

Result<void> end_work(PgConnection& connection, const ReshardWork& work) {
  return lock_work(connection)
      .and_then([&] { return only_done(connection.ask("DELETE FROM shard_moves")); })
      .and_then([&] { return only_done(connection.ask("DELETE FROM resharding")); })
      .and_then([&]() -> Result<void> {
        if (work.request.action == ReshardAction::add) return {};
        return only_done(connection.ask("DELETE FROM shards WHERE number = $1", work.shard.number));
      })
      .and_then([&] { return count_change(connection, "shards"); });
}

}  // namespace ara::storage
