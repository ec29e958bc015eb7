#include "storage/postgres_catalog.h"

#include <algorithm>

#include "base/format.h"
#include "base/text.h"
#include "storage/postgres_migrations.h"

namespace ara::storage {
namespace {

/// Whether `text` is "HOST:PORT".
bool is_server(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const auto port = parse_integer(text.substr(colon + 1));
  if (!port || *port < 1 || *port > 65535) return false;
  return std::ranges::all_of(text.substr(0, colon), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_' || c == ':' || c == '[' || c == ']';
  });
}

bool is_database(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

}  // namespace

Result<ShardMap> read_shard_map(PgConnection& connection) {
  const auto rows = connection.ask(
      "SELECT s.number, s.name, s.hosts, r.first, r.last, v.version FROM versions v "
      "CROSS JOIN shards s LEFT JOIN shard_slots r ON r.shard = s.number "
      "WHERE v.name = 'shards' ORDER BY s.number, r.first");
  if (!rows) return std::unexpected(rows.error());
  ShardMap map{.epoch = 0, .shards = {}, .placed = {}};
  for (int row = 0; row < rows->size(); ++row) {
    map.epoch = static_cast<std::uint64_t>(rows->integer(row, 5));
    const int number = static_cast<int>(rows->integer(row, 0));
    if (map.shards.empty() || map.shards.back().number != number) {
      map.shards.push_back(
          {number, std::string(rows->text(row, 1)), std::string(rows->text(row, 2))});
    }
    if (rows->null(row, 3)) continue;
    map.placed.push_back(
        {{static_cast<int>(rows->integer(row, 3)), static_cast<int>(rows->integer(row, 4))},
         number});
  }
  std::ranges::sort(map.placed, {}, [](const PlacedSlots& one) { return one.slots.first; });
  if (!map.sound()) return fail(Code::corrupt, "the shard map in the catalog is not whole");
  return map;
}

Result<void> write_placement(PgConnection& connection, const ShardMap& map) {
  std::vector<int> firsts;
  std::vector<int> lasts;
  std::vector<int> shards;
  for (const PlacedSlots& one : map.placed) {
    firsts.push_back(one.slots.first);
    lasts.push_back(one.slots.last);
    shards.push_back(one.shard);
  }
  return only_done(connection.ask("DELETE FROM shard_slots"))
      .and_then([&] {
        return only_done(
            connection.ask("INSERT INTO shard_slots (first, last, shard) "
                           "SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[])",
                           std::string_view(pg_array(firsts)), std::string_view(pg_array(lasts)),
                           std::string_view(pg_array(shards))));
      })
      .and_then([&] { return count_change(connection, "shards"); });
}

Result<std::string> uri_of_shard(const std::string& catalog, const std::string& hosts) {
  constexpr std::string_view kAllowed =
      "HOST:PORT, or several with commas between, then perhaps /DATABASE";
  const std::string_view said = hosts;
  const auto slash = said.find('/');
  if (slash != std::string_view::npos && !is_database(said.substr(slash + 1))) {
    return invalid("hosts", hosts, kAllowed);
  }
  std::string_view rest = said.substr(0, slash);
  for (;;) {
    const auto comma = rest.find(',');
    if (!is_server(rest.substr(0, comma))) return invalid("hosts", hosts, kAllowed);
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  // postgresql://USER:PASSWORD@HOSTS/DATABASE?…: whatever stands before and behind is kept.
  const auto authority = catalog.find("://") + 3;
  const auto path = std::min(catalog.find('/', authority), catalog.size());
  const auto query = std::min(catalog.find('?', authority), catalog.size());
  const auto at = catalog.rfind('@', path);
  const auto host = at == std::string::npos || at < authority ? authority : at + 1;
  const std::string database = slash == std::string_view::npos ? catalog.substr(path, query - path)
                                                               : std::string(said.substr(slash));
  return catalog.substr(0, host) + std::string(said.substr(0, slash)) + database +
         catalog.substr(query);
}

Result<std::optional<ShardSelf>> read_shard_self(PgConnection& connection) {
  const auto row = connection.ask("SELECT fleet, number FROM shard_self");
  if (!row) return std::unexpected(row.error());
  if (row->empty()) return std::nullopt;
  return ShardSelf{std::string(row->text(0, 0)), static_cast<int>(row->integer(0, 1))};
}

Result<std::unique_ptr<PgShard>> make_shard(const std::string& uri, const StoreOptions& options) {
  const auto place = PgPlace::parse(uri);
  if (!place) return std::unexpected(place.error());
  // With several servers, one of them is a member that may be read and the primary as well.
  const bool replicated = place->hosts.size() > 1;
  const std::size_t most = std::max<std::size_t>(1, options.connections / (replicated ? 2 : 1));
  const PgPoolLimits limits{.size = (2 * most + 2) / 3,
                            .overflow = most - (2 * most + 2) / 3,
                            .wait = options.wait,
                            .max_age = options.connection_age};
  if (replicated) return make_replicated(*place, limits, options.meters);
  return std::make_unique<PostgresStore>(*place, PgRole::primary, limits, options.meters);
}

Result<void> make_ready(PgShard& shard, const Call& call) {
  auto connection = shard.primary().connection(call);
  if (!connection) return std::unexpected(connection.error());
  return migrate(**connection, shard.primary().place());
}

}  // namespace ara::storage
