#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace ara::storage {

/// What a backup holds, and what was counted when it was verified.
struct BackupReport {
  struct Table {
    std::string name;
    std::uint64_t rows = 0;

    friend bool operator==(const Table&, const Table&) = default;
  };
  std::vector<Table> tables;  ///< ascending by name, or as foreign keys want it

  std::uint64_t rows() const;
};

/// Writes all that the store at `place` (as storage::open takes it) holds at one instant into
/// `file`, which appears whole, synced and verified, or not at all; a file that has the name is
/// replaced. The store goes on meanwhile. Code::not_found where there is no store yet.
/// Code::unsupported for a database of several shards: see docs/RECOVERY.md.
Result<BackupReport> back_up(const std::string& place, const std::string& file);

/// Makes the store at `place` what it was when `file` was written, at once, after `file` has proved
/// whole. Code::conflict for a store that holds rows, unless `force` is set, and for one that
/// another program has open. Code::invalid for a backup of another kind of store.
Result<BackupReport> restore(const std::string& file, const std::string& place, bool force);

/// Notes in the store at `place` that a backup of it was made at `when`, by whatever means; one
/// that is noted already and newer stays. Store::last_backup gives it. Code::not_found where there
/// is no store yet, Code::unsupported where it is of an older schema: opening it brings it up.
Result<void> note_backup(const std::string& place, WallTime when);

// By kind of store; `place` as in the table of backends.cpp.
Result<BackupReport> back_up_sqlite(const std::string& path, const std::string& file);
Result<BackupReport> restore_sqlite(const std::string& file, const std::string& path, bool force);
Result<BackupReport> back_up_postgres(const std::string& uri, const std::string& file);
Result<BackupReport> restore_postgres(const std::string& file, const std::string& uri, bool force);
Result<void> note_backup_sqlite(const std::string& path, WallTime when);
Result<void> note_backup_postgres(const std::string& uri, WallTime when);

/// Of a store that has no table for it yet.
std::unexpected<Error> too_old_for_notes();

/// Why a store that holds rows is left as it is.
std::unexpected<Error> not_empty(std::uint64_t rows);
/// Syncs the file `part`, gives it the name `file` at once, and syncs that.
Result<void> publish(const std::string& part, const std::string& file);

}  // namespace ara::storage
