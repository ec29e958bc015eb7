#include <algorithm>

#include "base/format.h"
#include "storage/inspect.h"
#include "storage/postgres_catalog.h"
#include "storage/postgres_migrations.h"
#include "storage/times.h"

namespace ara::storage {
namespace {

/// How long one server may take for all that it is asked.
constexpr std::chrono::milliseconds kServerPatience{5000};

Call at_most_for_server(const Call& call) {
  return {Deadline{std::min(call.deadline.at, system_clock().steady() + kServerPatience)}};
}

// ---- indexes ------------------------------------------------------------------------------------

struct PgIndex {
  std::string table;
  std::string name;
  std::string definition;  ///< CREATE INDEX …, without the names of schemas
  std::string constraint;  ///< what ALTER TABLE … ADD CONSTRAINT makes it, where it is one's
  bool valid = true;
  bool partitioned = false;
};

/// "CREATE INDEX a ON public.b …" -> "CREATE INDEX a ON b …", where " public." is the schema.
std::string without(std::string_view definition, std::string_view schema) {
  std::string text(definition);
  for (auto at = text.find(schema); at != std::string::npos; at = text.find(schema, at)) {
    text.replace(at, schema.size(), " ");
  }
  return text;
}

/// The indexes of one schema.
Result<std::vector<PgIndex>> list_indexes(PgConnection& connection, std::string_view schema) {
  const auto rows = connection.ask(
      "SELECT c.relname::text, i.relname::text, pg_get_indexdef(i.oid), "
      "coalesce(pg_get_constraintdef(o.oid), ''), x.indisvalid, c.relkind = 'p', "
      // As these functions call the schema.
      "' ' || CASE WHEN n.oid = pg_my_temp_schema() THEN 'pg_temp' ELSE quote_ident(n.nspname) END "
      "|| '.' "
      "FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid "
      "JOIN pg_class c ON c.oid = x.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
      "LEFT JOIN pg_constraint o ON o.conindid = i.oid AND o.contype IN ('p', 'u') "
      "AND o.conrelid = c.oid WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') ORDER BY 1, 2",
      schema);
  if (!rows) return std::unexpected(rows.error());
  std::vector<PgIndex> found;
  for (int row = 0; row < rows->size(); ++row) {
    found.push_back({std::string(rows->text(row, 0)), std::string(rows->text(row, 1)),
                     without(rows->text(row, 2), rows->text(row, 6)),
                     std::string(rows->text(row, 3)), rows->flag(row, 4), rows->flag(row, 5)});
  }
  return found;
}

/// Those that the schema of this program has: it is made for the moment, out of the same steps, as
/// temporary tables of a transaction that is rolled back. PostgreSQL looks for no function among
/// what is temporary, so that the triggers of these tables find the functions that are there.
Result<std::vector<PgIndex>> list_expected(PgConnection& connection) {
  const auto begun = connection.run(
      "BEGIN; SELECT set_config('search_path', 'pg_temp, ' || quote_ident(current_schema()), "
      "true)");
  if (!begun) return std::unexpected(begun.error());
  auto made = make_tables(connection).and_then([&]() -> Result<std::vector<PgIndex>> {
    const auto schema =
        connection.ask("SELECT nspname::text FROM pg_namespace WHERE oid = pg_my_temp_schema()");
    if (!schema) return std::unexpected(schema.error());
    return list_indexes(connection, schema->text(0, 0));
  });
  if (connection.healthy()) (void)connection.run("ROLLBACK");
  return made;
}

/// What is indexed and how, whatever the index is called.
std::string_view form_of(const PgIndex& index) {
  const std::string_view text = index.definition;
  return text.substr(std::min(text.find(" ON "), text.size()));
}

std::string repair_of(const PgIndex& index) {
  if (!index.constraint.empty()) {
    return ara::format("ALTER TABLE {} ADD CONSTRAINT {} {}", index.table, index.name,
                       index.constraint);
  }
  const auto word = index.definition.find("INDEX ");
  if (index.partitioned || word == std::string::npos) return index.definition;
  std::string text = index.definition;
  return text.insert(word + std::string_view("INDEX ").size(), "CONCURRENTLY ");
}

Result<std::vector<IndexFault>> compare_indexes(PgConnection& connection) {
  const auto schema = connection.ask("SELECT current_schema()::text");
  if (!schema) return std::unexpected(schema.error());
  const auto there = list_indexes(connection, schema->text(0, 0));
  if (!there) return std::unexpected(there.error());
  const auto expected = list_expected(connection);
  if (!expected) return std::unexpected(expected.error());
  std::vector<IndexFault> faults;
  for (const PgIndex& index : *expected) {
    const bool kept = std::ranges::any_of(*there, [&](const PgIndex& one) {
      return one.table == index.table && one.valid && form_of(one) == form_of(index);
    });
    if (kept) continue;
    const bool unfinished = std::ranges::any_of(*there, [&](const PgIndex& one) {
      return one.table == index.table && one.name == index.name && !one.valid;
    });
    faults.push_back(
        {.table = index.table,
         .index = index.name,
         .invalid = unfinished,
         .repair = unfinished ? "REINDEX INDEX CONCURRENTLY " + index.name : repair_of(index)});
  }
  return faults;
}

// ---- one server ---------------------------------------------------------------------------------

Result<void> ask_standing(PgConnection& connection, ServerLook& look) {
  const auto row = connection.ask(
      "SELECT s.standby, CASE WHEN s.standby THEN pg_is_wal_replay_paused() ELSE false END, "
      "(CASE WHEN s.standby THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END "
      "- '0/0'::pg_lsn)::bigint, "
      "extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float8, "
      "(SELECT coalesce(sum(numbackends), 0)::bigint FROM pg_stat_database), "
      "(current_setting('max_connections')::bigint "
      "- current_setting('superuser_reserved_connections')::bigint "
      "- current_setting('reserved_connections')::bigint) "
      "FROM (SELECT pg_is_in_recovery() AS standby) s");
  if (!row) return std::unexpected(row.error());
  look.standby = row->flag(0, 0);
  look.paused = row->flag(0, 1);
  look.position = static_cast<std::uint64_t>(row->integer(0, 2));
  if (look.standby && !row->null(0, 3)) look.replayed_ago = row->real(0, 3);
  look.connections = static_cast<std::uint64_t>(row->integer(0, 4));
  look.connections_limit = static_cast<std::uint64_t>(row->integer(0, 5));
  return {};
}

Result<void> ask_tables(PgConnection& connection, ServerLook& look) {
  // A standby has no estimate of rows of its own; the catalog's it has.
  const auto rows = connection.ask(
      "SELECT s.relname::text, greatest(s.n_live_tup, c.reltuples::bigint), s.seq_scan, "
      "s.seq_tup_read FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid "
      "WHERE s.schemaname = current_schema() ORDER BY 1");
  if (!rows) return std::unexpected(rows.error());
  for (int row = 0; row < rows->size(); ++row) {
    const auto count = [&](int column) {
      return static_cast<std::uint64_t>(std::max<std::int64_t>(0, rows->integer(row, column)));
    };
    look.tables.push_back({std::string(rows->text(row, 0)), count(1), count(2), count(3)});
  }
  return {};
}

Result<void> ask_running(PgConnection& connection, ServerLook& look) {
  const auto rows = connection.ask(
      "SELECT left(query, 200), state, extract(epoch FROM clock_timestamp() - "
      "CASE WHEN state = 'active' THEN query_start ELSE state_change END)::float8 AS age "
      "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
      "AND (state = 'active' OR state LIKE 'idle in transaction%') "
      "AND clock_timestamp() - CASE WHEN state = 'active' THEN query_start ELSE state_change END "
      "> interval '1 second' ORDER BY age DESC LIMIT 5");
  if (!rows) return std::unexpected(rows.error());
  for (int row = 0; row < rows->size(); ++row) {
    look.running.push_back({.text = std::string(rows->text(row, 0)),
                            .state = std::string(rows->text(row, 1)),
                            .calls = 0,
                            .seconds = rows->real(row, 2)});
  }
  return {};
}

/// pg_stat_statements need not be there, and need not be readable.
void ask_statements(PgConnection& connection, ServerLook& look) {
  const auto there = connection.ask("SELECT to_regclass('pg_stat_statements') IS NOT NULL");
  if (!there || !there->flag(0, 0)) return;
  const auto rows = connection.ask(
      "SELECT left(query, 200), calls, total_exec_time / 1000 FROM pg_stat_statements "
      "WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) "
      "ORDER BY total_exec_time DESC LIMIT 100");
  if (!rows) return;
  look.counts_statements = true;
  for (int row = 0; row < rows->size(); ++row) {
    look.ended.push_back({.text = std::string(rows->text(row, 0)),
                          .state = {},
                          .calls = static_cast<std::uint64_t>(rows->integer(row, 1)),
                          .seconds = rows->real(row, 2)});
  }
}

/// Of a primary alone.
Result<void> ask_database(PgConnection& connection, const InspectOptions& options,
                          DatabaseLook& look) {
  if (options.schema) {
    auto indexes = compare_indexes(connection);
    if (!indexes) return std::unexpected(indexes.error());
    look.indexes = std::move(*indexes);
  }
  const auto count = connection.ask("SELECT count(*) FROM forecasts WHERE created > $1",
                                    microseconds(options.fresh));
  if (!count) return std::unexpected(count.error());
  look.fresh_forecasts = static_cast<std::uint64_t>(count->integer(0, 0));
  return {};
}

void note_failure(std::string& error, const Result<void>& done) {
  if (!done && error.empty()) error = done.error().message;
}

/// Asks one server; true where it is the primary. It is asked for what is one for all, too.
bool look_at_server(const std::string& host, const std::string& shown,
                    const InspectOptions& options, const Call& call, DatabaseLook& database) {
  ServerLook look{.server = shown, .error = {}};
  bool primary = false;
  auto connection = PgConnection::open(host, at_most_for_server(call));
  if (!connection) {
    look.error = connection.error().message;
  } else {
    const auto standing = ask_standing(**connection, look);
    note_failure(look.error, standing);
    if (standing) {
      note_failure(look.error, ask_tables(**connection, look));
      note_failure(look.error, ask_running(**connection, look));
      ask_statements(**connection, look);
      primary = !look.standby;
    }
    if (primary) note_failure(database.error, ask_database(**connection, options, database));
  }
  database.servers.push_back(std::move(look));
  return primary;
}

DatabaseLook look_at_place(const PgPlace& place, const std::string& name,
                           const InspectOptions& options, const Call& call) {
  DatabaseLook database{.name = name, .servers = {}, .error = {}, .indexes = {}};
  bool primary = false;
  for (std::size_t i = 0; i < place.hosts.size(); ++i) {
    primary = look_at_server(place.hosts[i], place.servers[i], options, call, database) || primary;
  }
  if (!primary) database.error = "no primary among " + place.shown;
  return database;
}

/// The shards that the catalog names, beside itself.
Result<std::vector<ShardRow>> other_shards(const PgPlace& place, const Call& call) {
  for (const std::string& host : place.hosts) {
    auto connection = PgConnection::open(host, at_most_for_server(call));
    if (!connection) continue;
    auto map = read_shard_map(**connection);
    if (!map) continue;
    std::erase_if(map->shards, [](const ShardRow& row) { return row.number == 0; });
    return map->shards;
  }
  return fail(Code::unavailable, "no server of " + place.shown + " tells of the shards");
}

}  // namespace

Result<StoreLook> inspect_postgres(const std::string& uri, const InspectOptions& options,
                                   const Call& call) {
  const auto place = PgPlace::parse(uri);
  if (!place) return std::unexpected(place.error());
  StoreLook look{.kind = "postgresql", .databases = {}};
  look.databases.push_back(look_at_place(*place, "catalog", options, call));
  const auto shards = other_shards(*place, call);
  if (!shards) {
    if (look.databases[0].error.empty()) look.databases[0].error = shards.error().message;
    return look;
  }
  for (const ShardRow& shard : *shards) {
    const auto its = uri_of_shard(uri, shard.hosts).and_then(PgPlace::parse);
    if (its) {
      look.databases.push_back(look_at_place(*its, "shard " + shard.name, options, call));
    } else {
      look.databases.push_back(
          {.name = "shard " + shard.name, .servers = {}, .error = its.error().message});
    }
  }
  return look;
}

}  // namespace ara::storage
