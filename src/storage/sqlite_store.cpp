#include "storage/sqlite_store.h"

#include <sqlite3.h>

#include <filesystem>
#include <thread>

#include "storage/sqlite_migrations.h"

namespace ara::storage {
namespace {

// cache_size in KiB. wal_autocheckpoint in pages: 32 MB of log, so that a large import is moved
// into the file in a few long strides; journal_size_limit lets go of what a larger one grew to.
constexpr const char* kWriterSettings = R"(
PRAGMA cache_size = -8192;
PRAGMA foreign_keys = ON;
PRAGMA secure_delete = OFF;
PRAGMA wal_autocheckpoint = 8192;
PRAGMA journal_size_limit = 67108864;
PRAGMA synchronous = NORMAL;
)";
constexpr const char* kReaderSettings = R"(
PRAGMA cache_size = -2048;
PRAGMA query_only = ON;
)";

// What head_of reads, followed by a WHERE or ORDER BY.
#define ARA_HEAD_COLUMNS \
  "SELECT id, symbol, asset_type, revision, content, bars, first, last FROM symbols"

/// WAL mode needs the file for itself for a moment, and SQLite does not wait for that as it does
/// for other locks.
Result<void> switch_to_wal(SqliteConnection& connection) {
  const SteadyTime give_up = system_clock().steady() + kPatience;
  for (;;) {
    SqliteStatement pragma = connection.prepare("PRAGMA journal_mode = WAL");
    const auto row = pragma.step();
    if (row && *row && pragma.text(0) == "wal") return {};
    if (row) {
      return fail(Code::io,
                  "the store's file system does not allow SQLite's WAL mode, which needs "
                  "shared memory; choose a local disk");
    }
    if (row.error().code != Code::unavailable || system_clock().steady() >= give_up) {
      return std::unexpected(row.error());
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
}

/// Looks before it writes, so that a file which is not ours stays as it is.
Result<std::unique_ptr<SqliteConnection>> open_writer(const std::string& path) {
  auto connection = SqliteConnection::open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  if (!connection) return connection;
  auto ready = recorded(**connection, path)
                   .and_then([&](std::size_t) { return (*connection)->run(kWriterSettings); })
                   .and_then([&] { return switch_to_wal(**connection); })
                   .and_then([&] { return migrate(**connection, path); });
  if (!ready) return std::unexpected(ready.error());
  return connection;
}

Result<std::unique_ptr<SqliteConnection>> open_reader(const std::string& path) {
  auto connection = SqliteConnection::open(path, SQLITE_OPEN_READWRITE);
  if (!connection) return connection;
  if (auto set = (*connection)->run(kReaderSettings); !set) return std::unexpected(set.error());
  return connection;
}

Result<SqliteHead> head_of(const SqliteStatement& row) {
  auto symbol = domain::Symbol::parse(row.text(1));
  auto asset_type = domain::parse_asset_type(row.text(2));
  if (!symbol || !asset_type) {
    return fail(Code::corrupt, "the store has a symbol row that cannot be read: " +
                                   (symbol ? asset_type.error() : symbol.error()).message);
  }
  const auto time = [&](int column) {
    return domain::Time{std::chrono::seconds{row.integer(column)}};
  };
  return SqliteHead{
      row.integer(0),
      {*symbol,
       *asset_type,
       domain::Interval::day,
       {static_cast<std::uint64_t>(row.integer(3)), static_cast<std::uint64_t>(row.integer(4))},
       static_cast<std::uint64_t>(row.integer(5)),
       time(6),
       time(7)}};
}

/// The heads that `rows`, bound already, gives.
Result<std::vector<SymbolRow>> heads_in(SqliteStatement& rows) {
  std::vector<SymbolRow> found;
  for (;;) {
    const auto row = rows.step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return found;
    auto head = head_of(rows);
    if (!head) return std::unexpected(head.error());
    found.push_back(std::move(head->row));
  }
}

}  // namespace

Result<std::optional<SqliteHead>> read_head(SqliteConnection& connection,
                                            const domain::Symbol& symbol) {
  SqliteStatement rows = connection.prepare(ARA_HEAD_COLUMNS " WHERE symbol = ?");
  const auto row = rows.bind(symbol.text()).step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::nullopt;
  return head_of(rows);
}

Result<std::uint64_t> number_of(SqliteStatement& statement) {
  const auto row = statement.step();
  if (!row) return std::unexpected(row.error());
  return *row ? static_cast<std::uint64_t>(statement.integer(0)) : 0;
}

Result<void> note_write(SqliteConnection& connection, Changed changed) {
  return connection
      .prepare(
          "UPDATE heads SET version = version + ?, registry = registry + ?, "
          "accounts = accounts + ?, writes = writes + 1")
      .bind(changed == Changed::heads, changed == Changed::registry, changed == Changed::accounts)
      .run();
}

SqliteStore::SqliteStore(const std::string& path, const DbMetersPtr& meters)
    : writer_(
          1, [path] { return open_writer(path); }, meters, "sqlite writer"),
      readers_(kReaders, [path] { return open_reader(path); }, meters, "sqlite") {}

Result<std::unique_ptr<Store>> SqliteStore::open(const std::string& path, DbMetersPtr meters) {
  auto store = std::make_unique<SqliteStore>(path, meters);
  // The first use of the writer makes or migrates the file.
  if (auto first = store->writer({}, Sync::none, DbOperation::fleet); !first)
    return std::unexpected(first.error());
  return store;
}

Result<SqlitePool::Lease> SqliteStore::writer(const Call& call, Sync sync, DbOperation operation) {
  auto lease = writer_.take(call, operation);
  if (!lease || sync == synced_) return lease;
  const char* pragma =
      sync == Sync::full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL";
  if (auto set = (*lease)->run(pragma); !set) return std::unexpected(set.error());
  synced_ = sync;
  return lease;
}

Result<std::vector<SymbolRow>> SqliteStore::symbols(const Call& call) {
  auto connection = readers_.take(call, DbOperation::heads);
  if (!connection) return std::unexpected(connection.error());
  SqliteStatement rows = (*connection)->prepare(ARA_HEAD_COLUMNS " ORDER BY symbol");
  rows.bind();
  return heads_in(rows);
}

Result<HeadChanges> SqliteStore::changed_heads(const HeadsMark& mark, const Call& call) {
  auto connection = readers_.take(call, DbOperation::heads);
  if (!connection) return std::unexpected(connection.error());
  // One snapshot: writers come one after another, so it holds all that its version counts.
  auto snapshot = SqliteTransaction::begin(**connection, SqliteTransaction::Kind::read);
  if (!snapshot) return std::unexpected(snapshot.error());
  SqliteStatement count = (*connection)->prepare("SELECT version FROM heads");
  const auto version = number_of(count.bind());
  if (!version) return std::unexpected(version.error());
  HeadChanges changes{
      .all = mark.size() != 1 || mark[0] > *version, .rows = {}, .mark = {*version}};
  if (!changes.all && mark[0] == *version) return changes;
  SqliteStatement rows =
      (*connection)
          ->prepare(changes.all ? std::string_view(ARA_HEAD_COLUMNS " ORDER BY symbol")
                                : ARA_HEAD_COLUMNS " WHERE changed > ? ORDER BY symbol");
  changes.all ? rows.bind() : rows.bind(mark[0]);
  auto found = heads_in(rows);
  if (!found) return std::unexpected(found.error());
  changes.rows = std::move(*found);
  return changes;
}

Result<std::optional<SymbolRow>> SqliteStore::find_symbol(const domain::Symbol& symbol,
                                                          const Call& call) {
  auto connection = readers_.take(call, DbOperation::heads);
  if (!connection) return std::unexpected(connection.error());
  auto head = read_head(**connection, symbol);
  if (!head) return std::unexpected(head.error());
  if (!*head) return std::nullopt;
  return std::move((*head)->row);
}

Result<std::uint64_t> SqliteStore::read_count(std::string_view sql, const Call& call,
                                              DbOperation operation) {
  auto connection = readers_.take(call, operation);
  if (!connection) return std::unexpected(connection.error());
  SqliteStatement count = (*connection)->prepare(sql);
  const auto row = count.bind().step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return fail(Code::corrupt, "the store has lost its heads row");
  return static_cast<std::uint64_t>(count.integer(0));
}

Result<std::unique_ptr<Store>> open_sqlite(const std::string& path,
                                           std::shared_ptr<DbMeters> meters) {
  if (path.empty() || path == ":memory:") {
    return invalid("store", path, "the path of a file, which SQLite's WAL mode needs");
  }
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::error_code failure;
  if (!folder.empty()) std::filesystem::create_directories(folder, failure);
  if (failure) {
    return fail(Code::io,
                "the folder of the store " + path + " cannot be made: " + failure.message());
  }
  return SqliteStore::open(path, std::move(meters));
}

}  // namespace ara::storage
