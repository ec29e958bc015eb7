#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

/// How a store looks from inside: what its catalog says of indexes, tables, statements, connections
/// and standbys. For `ara doctor`; nothing is changed, and no bars or forecasts are read.
namespace ara::storage {

/// An index that the schema of this program has and the store has not, or has and cannot use.
struct IndexFault {
  std::string table;
  std::string index;
  bool invalid = false;  ///< it is there, left unfinished by a CREATE INDEX CONCURRENTLY
  std::string repair;    ///< SQL that makes it
};

/// Counts since the server's statistics were reset; the difference of two looks is what happened.
struct TableUse {
  std::string table;
  std::uint64_t rows = 0;       ///< as last estimated
  std::uint64_t scans = 0;      ///< of the whole table
  std::uint64_t rows_read = 0;  ///< by these
};

struct StatementUse {
  std::string text;
  std::string state;        ///< "active", "idle in transaction"; empty for those that have ended
  std::uint64_t calls = 0;  ///< of those that have ended: see TableUse
  double seconds = 0;       ///< in all; of one that runs, until now
};

/// One server, asked by itself.
struct ServerLook {
  std::string server;  ///< "host:port"
  std::string error;   ///< why it could not be asked; then all else is as it is here
  bool standby = false;
  bool paused = false;                  ///< its replay was told to pause
  std::uint64_t position = 0;           ///< of the log: written by a primary, replayed by a standby
  std::optional<double> replayed_ago;   ///< seconds since the last commit that a standby replayed
  std::uint64_t connections = 0;        ///< of everybody
  std::uint64_t connections_limit = 0;  ///< of ordinary roles
  std::vector<TableUse> tables;
  std::vector<StatementUse> running;  ///< for over a second, the longest first
  std::vector<StatementUse> ended;    ///< of pg_stat_statements, where that is to be had
  bool counts_statements = false;     ///< whether it is
};

/// One database with its primary and standbys, or a file.
struct DatabaseLook {
  std::string name;  ///< of the shard, or the path of the file
  std::vector<ServerLook> servers;
  std::string error;  ///< why nothing more is known: there is no primary
  std::vector<IndexFault> indexes;
  std::uint64_t fresh_forecasts = 0;  ///< made no longer ago than was asked for
};

struct StoreLook {
  std::string kind;                     ///< "sqlite", "postgresql"
  std::vector<DatabaseLook> databases;  ///< the catalog first; none where there is no store yet
};

struct InspectOptions {
  WallTime fresh{};    ///< forecasts made after this are counted
  bool schema = true;  ///< whether the indexes are compared with the schema's
};

/// Looks at the store at `place` (as storage::open takes it). What cannot be asked is said in the
/// look; an error only for a place that makes no sense, or a file that is no store of this
/// program's.
Result<StoreLook> inspect(const std::string& place, const InspectOptions& options,
                          const Call& call);

// By kind of store; `place` as in the table of backends.cpp.
Result<StoreLook> inspect_sqlite(const std::string& path, const InspectOptions& options,
                                 const Call& call);
Result<StoreLook> inspect_postgres(const std::string& uri, const InspectOptions& options,
                                   const Call& call);

}  // namespace ara::storage
