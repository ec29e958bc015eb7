#pragma once

#include <cstdint>
#include <fstream>
#include <functional>
#include <istream>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "storage/postgres_connection.h"

/// The file that `ara backup` makes of a PostgreSQL database. Text, of which each line ends in \n:
///
///     ARA backup of PostgreSQL, format 1
///     schema HASH              of the steps of the schema
///     table NAME COLUMNS       quoted as SQL wants it; then its rows, as COPY writes them
///     …
///     \.
///     end NAME ROWS SUM
///     whole TABLES
namespace ara::storage {

inline constexpr std::string_view kDumpMark = "ARA backup of PostgreSQL, format 1";

/// How many lines, and the sum of their hashes: the same in whichever order they come.
struct RowsSum {
  std::uint64_t rows = 0;
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  void add(std::string_view line);
  std::string text() const;  ///< "ROWS SUM"
  friend bool operator==(const RowsSum&, const RowsSum&) = default;
};

struct DumpTable {
  std::string name;
  std::string columns;  ///< "id, email, …"

  std::string head() const { return "table " + name + " " + columns; }
  friend bool operator==(const DumpTable&, const DumpTable&) = default;
};

/// What a database holds, each table after those that its foreign keys name; without the record of
/// the schema's steps, the tokens of writes that are being settled just now, and what tells of the
/// database itself: when a backup of it was made.
Result<std::vector<DumpTable>> dump_tables(PgConnection& connection);
/// Of the steps of the schema.
Result<std::string> schema_hash(PgConnection& connection);
/// Code::unsupported where the database is only one of several, none of which says all.
Result<void> refuse_shards(PgConnection& connection);

/// Writes a new file.
class DumpWriter {
 public:
  DumpWriter(const std::string& path, const std::string& schema);
  Result<void> table(const DumpTable& table);
  Result<void> row(std::string_view line);
  Result<RowsSum> end(const DumpTable& table);
  Result<void> finish();

 private:
  Result<void> written();

  std::string path_;
  std::ofstream out_;
  RowsSum sum_;
  std::size_t tables_ = 0;
};

/// What is done with the parts of a file as they are read.
struct DumpSteps {
  std::function<Result<void>(const std::string& schema)> schema;
  std::function<Result<void>(const std::string& head)> table;
  std::function<Result<void>(std::string_view lines)> rows;  ///< whole lines, a few megabytes
  std::function<Result<void>(const RowsSum& sum)> end;
};

/// Reads a file to its end and checks all its sums; Code::corrupt where one is wrong or the end is
/// missing, Code::invalid for a file of another kind.
Result<void> read_dump(const std::string& path, const DumpSteps& steps);
/// The same of a stream, which errors call `name`.
Result<void> read_dump(std::istream& in, const std::string& name, const DumpSteps& steps);

}  // namespace ara::storage
