#include "storage/postgres_dump.h"

#include <filesystem>

#include "base/format.h"
#include "base/hash.h"

namespace ara::storage {
namespace {

constexpr std::string_view kRowsEnd = "\\.";
constexpr std::size_t kPiece = std::size_t{4} << 20;

std::unexpected<Error> damaged(const std::string& path, std::string_view why) {
  return fail(Code::corrupt, ara::format("the backup {} is damaged: {}", path, why));
}

/// The rows of one table, up to the line that ends them.
Result<RowsSum> read_rows(std::istream& in, const std::string& path, const DumpSteps& steps) {
  RowsSum sum;
  std::string piece;
  std::string line;
  while (std::getline(in, line)) {
    const bool last = line == kRowsEnd;
    if (!last) {
      line += '\n';
      sum.add(line);
      piece += line;
    }
    if (!piece.empty() && (last || piece.size() >= kPiece)) {
      if (auto taken = steps.rows(piece); !taken) return std::unexpected(taken.error());
      piece.clear();
    }
    if (last) return sum;
  }
  return damaged(path, "it ends within a table");
}

}  // namespace

void RowsSum::add(std::string_view line) {
  const Hash128 hash = stable_hash128(line);
  ++rows;
  high += hash.high;
  low += hash.low;
}

std::string RowsSum::text() const {
  return ara::format("{} {}", rows, to_hex(Hash128{high, low}));
}

Result<std::vector<DumpTable>> dump_tables(PgConnection& connection) {
  // How deep a table lies below those that its foreign keys name; cycles there are none.
  const auto found = connection.ask(R"(
WITH RECURSIVE mine AS (
  SELECT oid, relname FROM pg_class
  WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
    AND NOT relispartition AND relname NOT IN ('migrations', 'commits', 'backups')
), depth AS (
  SELECT oid, 0::bigint AS level FROM mine
  UNION
  SELECT k.conrelid, d.level + 1 FROM depth d JOIN pg_constraint k
    ON k.confrelid = d.oid AND k.contype = 'f' AND k.conrelid <> k.confrelid
  WHERE d.level < 32
)
SELECT quote_ident(m.relname), (
  SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a
  WHERE a.attrelid = m.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '')
FROM mine m JOIN depth d USING (oid)
GROUP BY m.oid, m.relname ORDER BY max(d.level), m.relname COLLATE "C")");
  if (!found) return std::unexpected(found.error());
  std::vector<DumpTable> tables;
  for (int row = 0; row < found->size(); ++row) {
    tables.push_back({std::string(found->text(row, 0)), std::string(found->text(row, 1))});
  }
  return tables;
}

Result<std::string> schema_hash(PgConnection& connection) {
  const auto steps = connection.ask(
      "SELECT coalesce(string_agg(number || ' ' || name || ' ' || checksum, ',' ORDER BY number), "
      "'') FROM migrations");
  if (!steps) return std::unexpected(steps.error());
  return to_hex(stable_hash128(steps->text(0, 0)));
}

Result<void> refuse_shards(PgConnection& connection) {
  const auto known = connection.ask("SELECT to_regclass('shards') IS NOT NULL");
  if (!known) return std::unexpected(known.error());
  if (!known->flag(0, 0)) return {};
  const auto shards = connection.ask("SELECT count(*) FROM shards");
  if (!shards) return std::unexpected(shards.error());
  if (shards->integer(0, 0) <= 1) return {};
  return fail(Code::unsupported,
              "the database has shards, which one snapshot cannot hold; their backups are those of "
              "pgBackRest (docs/RECOVERY.md)");
}

DumpWriter::DumpWriter(const std::string& path, const std::string& schema)
    : path_(path), out_(path, std::ios::binary | std::ios::trunc) {
  out_ << kDumpMark << "\nschema " << schema << '\n';
}

Result<void> DumpWriter::written() {
  if (out_) return {};
  return fail(Code::io, "cannot write " + path_);
}

Result<void> DumpWriter::table(const DumpTable& table) {
  sum_ = {};
  ++tables_;
  out_ << table.head() << '\n';
  return written();
}

Result<void> DumpWriter::row(std::string_view line) {
  sum_.add(line);
  out_ << line;
  return written();
}

Result<RowsSum> DumpWriter::end(const DumpTable& table) {
  out_ << kRowsEnd << "\nend " << table.name << ' ' << sum_.text() << '\n';
  return written().transform([&] { return sum_; });
}

Result<void> DumpWriter::finish() {
  out_ << "whole " << tables_ << '\n';
  out_.close();
  return written();
}

Result<void> read_dump(const std::string& path, const DumpSteps& steps) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(Code::not_found, "cannot read " + path);
  return read_dump(in, path, steps);
}

Result<void> read_dump(std::istream& in, const std::string& name, const DumpSteps& steps) {
  std::string line(kDumpMark.size() + 1, '\0');
  in.read(line.data(), static_cast<std::streamsize>(line.size()));
  if (!in || line != std::string(kDumpMark) + "\n") {
    return fail(Code::invalid, name + " is no backup of a PostgreSQL database");
  }
  constexpr std::string_view kSchema = "schema ";
  if (!std::getline(in, line) || !line.starts_with(kSchema)) return damaged(name, "no schema");
  if (auto taken = steps.schema(line.substr(kSchema.size())); !taken) return taken;
  for (std::size_t tables = 0; std::getline(in, line); ++tables) {
    if (line == ara::format("whole {}", tables)) return {};
    if (!line.starts_with("table ")) return damaged(name, "a table is missing");
    if (auto taken = steps.table(line); !taken) return taken;
    const auto sum = read_rows(in, name, steps);
    if (!sum) return std::unexpected(sum.error());
    if (!std::getline(in, line) || !line.starts_with("end ") ||
        !line.ends_with(" " + sum->text())) {
      return damaged(name, "the rows of a table are not those that were written");
    }
    if (auto taken = steps.end(*sum); !taken) return taken;
  }
  return damaged(name, "its end is missing");
}

}  // namespace ara::storage
