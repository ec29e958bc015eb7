// Backups of the embedded store: SQLite files themselves, without a log beside them.
#include <sqlite3.h>

#include <filesystem>

#include "base/format.h"
#include "storage/backup.h"
#include "storage/sqlite_migrations.h"
#include "storage/sqlite_store.h"
#include "storage/times.h"

namespace ara::storage {
namespace {

/// Tables that hold rows in a store that nobody has used.
bool is_never_empty(std::string_view table) {
  return table == "heads" || table == "migrations" || table == "backups";
}

bool exists(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

void remove_file(const std::string& path) {
  std::error_code ignored;
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
    std::filesystem::remove(path + suffix, ignored);
  }
}

/// Keeps a damaged store, with its log, which would be taken for that of the file that follows it.
void set_aside(const std::string& path) {
  std::error_code ignored;
  for (const char* suffix : {"-wal", "-shm", "-journal", ""}) {
    std::filesystem::rename(path + suffix, path + ".damaged" + suffix, ignored);
  }
}

/// Opens a store that there is; Code::corrupt for a file that is none.
Result<std::unique_ptr<SqliteConnection>> open_existing(const std::string& path, int flags) {
  if (!exists(path)) return fail(Code::not_found, "there is no file " + path);
  auto connection = SqliteConnection::open(path, flags);
  if (!connection) return connection;
  const auto steps = recorded(**connection, path);
  if (!steps) return std::unexpected(steps.error());
  if (*steps == 0) return fail(Code::corrupt, path + " is empty, not a store of ARA");
  return connection;
}

/// Whether each line that a check gives is `sound`; a sound one may give none.
Result<void> check(SqliteConnection& connection, const char* pragma, std::string_view sound,
                   const std::string& path) {
  SqliteStatement rows = connection.prepare(pragma);
  for (rows.bind();;) {
    const auto row = rows.step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return {};
    if (rows.text(0) != sound) {
      return fail(Code::corrupt, ara::format("{} is damaged: {} says {}", path, pragma,
                                             printable(rows.text(0), 200)));
    }
  }
}

Result<void> check_all(SqliteConnection& connection, const std::string& path) {
  return check(connection, "PRAGMA integrity_check", "ok", path).and_then([&] {
    return check(connection, "PRAGMA foreign_key_check", "", path);
  });
}

Result<BackupReport> count(SqliteConnection& connection) {
  BackupReport report;
  {
    SqliteStatement names = connection.prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' "
        "ORDER BY name");
    for (names.bind();;) {
      const auto row = names.step();
      if (!row) return std::unexpected(row.error());
      if (!*row) break;
      report.tables.push_back({.name = std::string(names.text(0))});
    }
  }
  for (BackupReport::Table& table : report.tables) {
    const std::string sql = ara::format("SELECT count(*) FROM \"{}\"", table.name);
    SqliteStatement rows = connection.prepare(sql);
    const auto found = number_of(rows.bind());
    if (!found) return std::unexpected(found.error());
    table.rows = *found;
  }
  return report;
}

/// Copies all of `source`, as of one instant, into a new file, and verifies that.
Result<BackupReport> copy_whole(SqliteConnection& source, const std::string& part) {
  remove_file(part);
  auto snapshot = SqliteTransaction::begin(source, SqliteTransaction::Kind::read);
  if (!snapshot) return std::unexpected(snapshot.error());
  const auto counted = count(source);
  if (!counted) return counted;
  auto target = SqliteConnection::open(part, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  if (!target) return std::unexpected(target.error());
  // A file that is to be moved about has no log beside it.
  auto copied = source.copy_to(**target)
                    .and_then([&] { return (*target)->run("PRAGMA journal_mode = DELETE"); })
                    .and_then([&] { return check_all(**target, part); });
  if (!copied) return std::unexpected(copied.error());
  const auto found = count(**target);
  if (!found) return found;
  if (found->tables != counted->tables) {
    return fail(Code::corrupt, "the copy has not the rows of the store");
  }
  return counted;
}

Result<BackupReport> copy_and_publish(SqliteConnection& source, const std::string& file) {
  const std::string part = file + ".part";
  auto report = copy_whole(source, part);
  if (report) {
    if (auto published = publish(part, file); !published) {
      report = std::unexpected(published.error());
    }
  }
  if (!report) remove_file(part);
  return report;
}

/// Ends the log of the store at `path` and keeps all others out, until the connection is closed.
Result<std::unique_ptr<SqliteConnection>> take_alone(const std::string& path, bool force) {
  auto store = open_existing(path, SQLITE_OPEN_READWRITE);
  if (!store) return store;
  const auto held = count(**store);
  if (!held) return std::unexpected(held.error());
  std::uint64_t rows = 0;
  for (const auto& [name, found] : held->tables) {
    if (!is_never_empty(name)) rows += found;
  }
  if (rows > 0 && !force) return not_empty(rows);
  // SQLite refuses this at once while another program has the file open.
  const auto alone = (*store)->run("PRAGMA journal_mode = DELETE").and_then([&] {
    return (*store)->run("BEGIN EXCLUSIVE");
  });
  if (alone) return store;
  if (alone.error().code != Code::unavailable) return std::unexpected(alone.error());
  return fail(Code::conflict, "another program has the store " + path +
                                  " open: end it first (ara serve, ara worker)");
}

}  // namespace

Result<BackupReport> back_up_sqlite(const std::string& path, const std::string& file) {
  auto source = open_existing(path, SQLITE_OPEN_READWRITE);
  if (!source) return std::unexpected(source.error());
  return copy_and_publish(**source, file);
}

Result<void> note_backup_sqlite(const std::string& path, WallTime when) {
  auto store = open_existing(path, SQLITE_OPEN_READWRITE);
  if (!store) return std::unexpected(store.error());
  (*store)->start(Call{});
  {
    SqliteStatement table =
        (*store)->prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'backups'");
    const auto found = number_of(table.bind());
    if (!found) return std::unexpected(found.error());
    if (*found == 0) return too_old_for_notes();
  }
  return (*store)
      ->prepare("UPDATE backups SET newest = max(newest, ?)")
      .bind(microseconds(when))
      .run();
}

Result<BackupReport> restore_sqlite(const std::string& file, const std::string& path, bool force) {
  auto source = open_existing(file, SQLITE_OPEN_READONLY);
  if (!source) return std::unexpected(source.error());
  if (auto sound = check_all(**source, file); !sound) return std::unexpected(sound.error());
  std::error_code failure;
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder, failure);
  if (failure) return fail(Code::io, "cannot make " + folder.string() + ": " + failure.message());
  std::unique_ptr<SqliteConnection> store;
  if (exists(path)) {
    auto taken = take_alone(path, force);
    const bool damaged = !taken && taken.error().code == Code::corrupt;
    if (!taken && !(force && damaged)) return std::unexpected(taken.error());
    if (damaged) {
      set_aside(path);
    } else {
      store = std::move(*taken);
    }
  }
  return copy_and_publish(**source, path);
}

}  // namespace ara::storage
