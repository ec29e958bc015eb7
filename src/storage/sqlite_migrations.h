#pragma once

#include <span>
#include <string>
#include <string_view>

#include "storage/sqlite_connection.h"

namespace ara::storage {

/// One step of the schema. Numbered from 1 by its place in the table; once released its text never
/// changes, because every store records the checksum of the text that made it.
struct Migration {
  std::string_view name;
  const char* sql;
};

/// All steps, in order.
std::span<const Migration> migrations();

/// "PRAGMA application_id" of a store of ours ("ARA1"), by which a foreign file is refused.
inline constexpr std::int64_t kApplicationId = 0x41524131;

/// How many of `steps` the file records, 0 for a new, empty file; changes nothing. Code::corrupt if
/// it is another program's, was made by other steps than these, or by more of them.
Result<std::size_t> recorded(SqliteConnection& connection, const std::string& path,
                             std::span<const Migration> steps = migrations());

/// Brings the file to the last of `steps`, each applied in a transaction of its own; safe while
/// other processes do the same. A new, empty file becomes a store. Refuses what `recorded` refuses.
Result<void> migrate(SqliteConnection& connection, const std::string& path,
                     std::span<const Migration> steps = migrations());

}  // namespace ara::storage
