// Backups of a PostgreSQL database: rows, out of one snapshot, into one file.
#include <algorithm>
#include <array>
#include <filesystem>
#include <type_traits>

#include "base/format.h"
#include "base/text.h"
#include "storage/backup.h"
#include "storage/postgres_dump.h"
#include "storage/postgres_pool.h"
#include "storage/store.h"
#include "storage/times.h"

namespace ara::storage {
namespace {

// Of a database that nobody has used these hold rows all the same.
constexpr std::array<std::string_view, 6> kNeverEmpty{"heads",       "versions",    "shards",
                                                      "shard_slots", "owned_slots", "shard_self"};

constexpr std::string_view kNoStore = "the database holds no store of ARA yet";

/// One connection to the primary.
class Database {
 public:
  explicit Database(PgPlace place) : pool_(std::move(place), PgRole::primary, {}) {}

  /// `use` is given the connection; what it began and did not commit is rolled back.
  template <class Use>
  std::invoke_result_t<Use&, PgConnection&> with(Use use) {
    auto lease = pool_.take(Call{}, DbOperation::fleet);
    if (!lease) return std::unexpected(lease.error());
    PgConnection& connection = **lease;
    auto report = use(connection);
    connection.start({});
    if (connection.healthy() && connection.in_transaction()) (void)connection.run("ROLLBACK");
    return report;
  }

 private:
  PgPool pool_;
};

Result<void> begin(PgConnection& connection, const std::string& how) {
  return connection
      .run("BEGIN " + how +
           "; SET LOCAL statement_timeout = 0; SET LOCAL DateStyle = 'ISO'; "
           "SET LOCAL TimeZone = 'UTC'; SET LOCAL bytea_output = 'hex'; "
           "SET LOCAL extra_float_digits = 1")
      .transform([](const PgRows&) {});
}

std::string copy_of(const DumpTable& table) {
  // A partitioned table has no rows of its own, which COPY alone would be content with.
  return ara::format("COPY (SELECT {} FROM {}) TO STDOUT", table.columns, table.name);
}

Result<BackupReport> write_rows(PgConnection& connection, const std::string& part) {
  if (auto one = refuse_shards(connection); !one) return std::unexpected(one.error());
  const auto schema = schema_hash(connection);
  if (!schema) return std::unexpected(schema.error());
  const auto tables = dump_tables(connection);
  if (!tables) return std::unexpected(tables.error());
  DumpWriter writer(part, *schema);
  BackupReport report;
  for (const DumpTable& table : *tables) {
    if (auto begun = writer.table(table); !begun) return std::unexpected(begun.error());
    connection.start({});
    auto copied = connection.copy_out(copy_of(table),
                                      [&](std::string_view line) { return writer.row(line); });
    if (!copied) return std::unexpected(copied.error());
    const auto sum = writer.end(table);
    if (!sum) return std::unexpected(sum.error());
    report.tables.push_back({table.name, sum->rows});
  }
  if (auto done = writer.finish(); !done) return std::unexpected(done.error());
  return report;
}

const DumpSteps kOnlyRead{
    .schema = [](const std::string&) { return Result<void>{}; },
    .table = [](const std::string&) { return Result<void>{}; },
    .rows = [](std::string_view) { return Result<void>{}; },
    .end = [](const RowsSum&) { return Result<void>{}; },
};

Result<BackupReport> dump(PgConnection& connection, const std::string& file) {
  const auto exists = connection.ask("SELECT to_regclass('migrations') IS NOT NULL");
  if (!exists) return std::unexpected(exists.error());
  if (!exists->flag(0, 0)) return fail(Code::not_found, std::string(kNoStore));
  auto begun = begin(connection, "ISOLATION LEVEL REPEATABLE READ READ ONLY");
  if (!begun) return std::unexpected(begun.error());
  const std::string part = file + ".part";
  auto report = write_rows(connection, part);
  if (report) {
    const auto kept = read_dump(part, kOnlyRead).and_then([&] { return publish(part, file); });
    if (!kept) report = std::unexpected(kept.error());
  }
  std::error_code ignored;
  if (!report) std::filesystem::remove(part, ignored);
  return report;
}

Result<std::uint64_t> rows_of(PgConnection& connection, const std::vector<DumpTable>& tables) {
  std::uint64_t rows = 0;
  for (const DumpTable& table : tables) {
    if (std::ranges::find(kNeverEmpty, table.name) != kNeverEmpty.end()) continue;
    connection.start({});
    const auto found = connection.run("SELECT count(*) FROM " + table.name);
    if (!found) return std::unexpected(found.error());
    rows += static_cast<std::uint64_t>(parse_integer(found->text(0, 0)).value_or(0));
  }
  return rows;
}

/// Brings a file into the tables of a database, within a transaction of the caller's.
class Filling {
 public:
  Filling(PgConnection& connection, std::vector<DumpTable> tables)
      : connection_(connection), tables_(std::move(tables)) {}

  Result<BackupReport> run(const std::string& file) {
    const auto read =
        read_dump(file, {.schema = [&](const std::string& schema) { return same_schema(schema); },
                         .table = [&](const std::string& head) { return next(head); },
                         .rows = [&](std::string_view lines) { return fill(lines); },
                         .end = [&](const RowsSum& sum) { return compare(sum); }});
    if (!read) return std::unexpected(read.error());
    if (report_.tables.size() != tables_.size()) {
      return fail(Code::corrupt,
                  "the backup lacks the table " + tables_[report_.tables.size()].name);
    }
    return report_;
  }

 private:
  Result<void> same_schema(const std::string& schema) const {
    const auto own = schema_hash(connection_);
    if (!own) return std::unexpected(own.error());
    if (*own == schema) return {};
    return fail(Code::invalid,
                "the backup was made by another version of ARA, whose tables differ: restore it "
                "with that version, and upgrade then");
  }

  Result<void> next(const std::string& head) const {
    const std::size_t at = report_.tables.size();
    if (at < tables_.size() && head == tables_[at].head()) return {};
    return fail(Code::corrupt, "the backup has an unknown table: " + printable(head, 100));
  }

  Result<void> fill(std::string_view lines) {
    const DumpTable& table = tables_[report_.tables.size()];
    connection_.start({});
    const auto copied =
        connection_.copy(ara::format("COPY {} ({}) FROM STDIN", table.name, table.columns), lines);
    if (!copied) return std::unexpected(copied.error());
    return {};
  }

  /// The rows as the database gives them back must be those of the file.
  Result<void> compare(const RowsSum& sum) {
    const DumpTable& table = tables_[report_.tables.size()];
    RowsSum found;
    connection_.start({});
    auto copied = connection_.copy_out(copy_of(table), [&](std::string_view line) {
      found.add(line);
      return Result<void>{};
    });
    if (!copied) return copied;
    if (found != sum) return fail(Code::corrupt, "restored rows differ in table " + table.name);
    report_.tables.push_back({table.name, sum.rows});
    return {};
  }

  PgConnection& connection_;
  const std::vector<DumpTable> tables_;
  BackupReport report_;
};

/// Numbers that the database gives out itself go on after the highest that is taken.
Result<void> move_sequences(PgConnection& connection) {
  const auto columns = connection.ask(R"(
SELECT format('SELECT setval(pg_get_serial_sequence(%L, %L), max(%I)) FROM %I HAVING count(*) > 0',
              quote_ident(table_name), column_name, column_name, table_name)
FROM information_schema.columns
WHERE table_schema = current_schema() AND is_identity = 'YES')");
  if (!columns) return std::unexpected(columns.error());
  for (int row = 0; row < columns->size(); ++row) {
    const auto moved = connection.run(std::string(columns->text(row, 0)));
    if (!moved) return std::unexpected(moved.error());
  }
  return {};
}

Result<BackupReport> fill(PgConnection& connection, const std::string& file, bool force) {
  if (auto begun = begin(connection, ""); !begun) return std::unexpected(begun.error());
  if (auto one = refuse_shards(connection); !one) return std::unexpected(one.error());
  auto tables = dump_tables(connection);
  if (!tables) return std::unexpected(tables.error());
  std::string names;
  for (const DumpTable& table : *tables) names += (names.empty() ? "" : ", ") + table.name;
  // Nobody reads or writes them until the end of the transaction.
  const auto locked = connection.run("LOCK TABLE " + names + " IN ACCESS EXCLUSIVE MODE");
  if (!locked) return std::unexpected(locked.error());
  const auto held = rows_of(connection, *tables);
  if (!held) return std::unexpected(held.error());
  if (*held > 0 && !force) return not_empty(*held);
  if (auto emptied = connection.run("TRUNCATE " + names); !emptied) {
    return std::unexpected(emptied.error());
  }
  auto report = Filling(connection, std::move(*tables)).run(file);
  if (!report) return report;
  connection.start({});
  if (auto moved = move_sequences(connection); !moved) return std::unexpected(moved.error());
  if (auto done = connection.run("COMMIT"); !done) return std::unexpected(done.error());
  return report;
}

Result<void> write_note(PgConnection& connection, WallTime when) {
  connection.start({});
  const auto table = connection.ask(
      "SELECT to_regclass('migrations') IS NOT NULL, "
      "to_regclass('backups') IS NOT NULL");
  if (!table) return std::unexpected(table.error());
  if (!table->flag(0, 0)) return fail(Code::not_found, std::string(kNoStore));
  if (!table->flag(0, 1)) return too_old_for_notes();
  return connection.ask("UPDATE backups SET newest = greatest(newest, $1)", microseconds(when))
      .transform([](const PgRows&) {});
}

}  // namespace

Result<BackupReport> back_up_postgres(const std::string& uri, const std::string& file) {
  auto place = PgPlace::parse(uri);
  if (!place) return std::unexpected(place.error());
  return Database(std::move(*place)).with([&](PgConnection& connection) {
    return dump(connection, file);
  });
}

Result<BackupReport> restore_postgres(const std::string& file, const std::string& uri, bool force) {
  // Before anything is touched.
  if (auto whole = read_dump(file, kOnlyRead); !whole) return std::unexpected(whole.error());
  auto place = PgPlace::parse(uri);
  if (!place) return std::unexpected(place.error());
  // Opening it makes its tables.
  if (auto store = open_postgres(uri); !store) return std::unexpected(store.error());
  return Database(std::move(*place)).with([&](PgConnection& connection) {
    return fill(connection, file, force);
  });
}

Result<void> note_backup_postgres(const std::string& uri, WallTime when) {
  auto place = PgPlace::parse(uri);
  if (!place) return std::unexpected(place.error());
  return Database(std::move(*place)).with([&](PgConnection& connection) {
    return write_note(connection, when);
  });
}

}  // namespace ara::storage
