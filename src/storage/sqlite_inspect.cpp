#include <sqlite3.h>

#include <filesystem>
#include <map>

#include "storage/inspect.h"
#include "storage/sqlite_migrations.h"
#include "storage/times.h"

namespace ara::storage {
namespace {

struct IndexRow {
  std::string table;
  std::string sql;
};

/// By name. Those that SQLite makes by itself have no text, and cannot be dropped either.
Result<std::map<std::string, IndexRow>> indexes_of(SqliteConnection& connection) {
  SqliteStatement rows = connection.prepare(
      "SELECT name, tbl_name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL");
  std::map<std::string, IndexRow> found;
  for (;;) {
    const auto row = rows.step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return found;
    found.emplace(rows.text(0), IndexRow{std::string(rows.text(1)), std::string(rows.text(2))});
  }
}

/// Those of a store that was just made.
Result<std::map<std::string, IndexRow>> expected_indexes() {
  // No name: a database of this connection alone, which ends with it.
  auto made = SqliteConnection::open("", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  if (!made) return std::unexpected(made.error());
  return migrate(**made, "a new store").and_then([&] { return indexes_of(**made); });
}

Result<std::vector<IndexFault>> lacking(SqliteConnection& connection) {
  const auto there = indexes_of(connection);
  if (!there) return std::unexpected(there.error());
  const auto expected = expected_indexes();
  if (!expected) return std::unexpected(expected.error());
  std::vector<IndexFault> faults;
  for (const auto& [name, index] : *expected) {
    if (there->contains(name)) continue;
    faults.push_back({.table = index.table, .index = name, .repair = index.sql});
  }
  return faults;
}

Result<std::uint64_t> count_fresh(SqliteConnection& connection, WallTime fresh) {
  SqliteStatement count = connection.prepare("SELECT count(*) FROM forecasts WHERE created > ?");
  const auto row = count.bind(microseconds(fresh)).step();
  if (!row) return std::unexpected(row.error());
  return static_cast<std::uint64_t>(count.integer(0));
}

}  // namespace

Result<StoreLook> inspect_sqlite(const std::string& path, const InspectOptions& options,
                                 const Call& call) {
  StoreLook look{.kind = "sqlite", .databases = {}};
  std::error_code failure;
  if (!std::filesystem::exists(path, failure)) return look;
  auto connection = SqliteConnection::open(path, SQLITE_OPEN_READWRITE);
  if (!connection) return std::unexpected(connection.error());
  (*connection)->start(call);
  if (auto set = (*connection)->run("PRAGMA query_only = ON"); !set) {
    return std::unexpected(set.error());
  }
  const auto steps = recorded(**connection, path);
  if (!steps) return std::unexpected(steps.error());
  DatabaseLook database{.name = path, .servers = {}, .error = {}, .indexes = {}};
  if (*steps < migrations().size()) {
    database.error = "its schema is older than this program; a server that is started brings it up";
    look.databases.push_back(std::move(database));
    return look;
  }
  if (options.schema) {
    auto faults = lacking(**connection);
    if (!faults) return std::unexpected(faults.error());
    database.indexes = std::move(*faults);
  }
  const auto count = count_fresh(**connection, options.fresh);
  if (!count) return std::unexpected(count.error());
  database.fresh_forecasts = *count;
  look.databases.push_back(std::move(database));
  return look;
}

}  // namespace ara::storage
