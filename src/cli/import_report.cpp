#include "cli/import_report.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "base/format.h"
#include "cli/json.h"
#include "cli/table.h"

namespace ara::cli {
namespace {

constexpr std::size_t kFindingsOfAKind = 3;
constexpr std::size_t kFilesInDetail = 20;
constexpr std::size_t kSeriesOfAFile = 5;

struct Totals {
  std::size_t accepted = 0;
  std::size_t rows = 0;
  std::uint64_t bars = 0;
  storage::PutOutcome written;
  std::array<std::size_t, 3> findings{};
};

Totals totals_of(const ImportReport& report) {
  Totals totals;
  for (const ImportedFile& file : report.files) {
    totals.accepted += file.accepted();
    totals.rows += file.rows;
    for (const ImportedSeries& series : file.series) {
      totals.bars += series.bars;
      if (!series.outcome) continue;
      totals.written.inserted += series.outcome->inserted;
      totals.written.corrected += series.outcome->corrected;
      totals.written.unchanged += series.outcome->unchanged;
    }
    for (std::size_t i = 0; i < totals.findings.size(); ++i) {
      totals.findings[i] += file.findings.count(static_cast<ingest::Severity>(i));
    }
  }
  return totals;
}

std::string counts_text(const ingest::Findings& findings) {
  std::string text;
  for (ingest::Severity severity :
       {ingest::Severity::error, ingest::Severity::warning, ingest::Severity::note}) {
    const std::size_t count = findings.count(severity);
    if (count == 0) continue;
    text += ara::format("{}{} {}{}", text.empty() ? "" : ", ", count, to_string(severity),
                        count == 1 ? "" : "s");
  }
  return text.empty() ? "none" : text;
}

void add_rows(Table& table, const ImportedFile& file) {
  const std::string name = printable(std::filesystem::path(file.path).filename().string(), 200);
  const std::string rows = std::to_string(file.rows);
  const Table::Cell findings =
      file.accepted() ? Table::Cell{counts_text(file.findings)} : Table::Cell{"refused", "31"};
  if (file.series.empty()) table.add({{name}, {}, {}, {rows}, {}, {}, {}, findings});
  for (std::size_t i = 0; i < file.series.size(); ++i) {
    if (i == kSeriesOfAFile) {
      table.add({{}, {ara::format("and {} more", file.series.size() - i)}, {}, {}, {}, {}, {}, {}});
      return;
    }
    const ImportedSeries& series = file.series[i];
    const auto count = [&](std::uint64_t storage::PutOutcome::* number) -> Table::Cell {
      if (!series.outcome) return {"-"};
      return {std::to_string((*series.outcome).*number)};
    };
    table.add({i == 0 ? Table::Cell{name} : Table::Cell{},
               {series.symbol.text(), "1"},
               {std::string(domain::describe(series.asset_type).name)},
               i == 0 ? Table::Cell{rows} : Table::Cell{},
               count(&storage::PutOutcome::inserted),
               count(&storage::PutOutcome::corrected),
               count(&storage::PutOutcome::unchanged),
               i == 0 ? findings : Table::Cell{}});
  }
}

std::string place(const ingest::Finding& finding) {
  return finding.row == finding.last_row
             ? ara::format("row {}", finding.row)
             : ara::format("rows {} to {}", finding.row, finding.last_row);
}

std::string details(const ImportedFile& file) {
  std::string text = "\n" + printable(file.path, 200);
  if (file.error) return text + ": " + file.error->message + "\n";
  text += file.refusal.empty() ? "" : ": refused, " + file.refusal;
  text += "\n";
  for (const ingest::KindRow& kind : ingest::kinds()) {
    std::size_t shown = 0;
    std::size_t rows = 0;
    for (const ingest::Finding& finding : file.findings.list()) {
      if (finding.kind != kind.kind || shown == kFindingsOfAKind) continue;
      ++shown;
      rows += finding.count;
      text += ara::format("  {:<8}{}: {}: {}\n", to_string(finding.severity), kind.name,
                          place(finding), finding.message);
    }
    const std::size_t count = file.findings.count(kind.kind);
    if (count > rows) text += ara::format("          {}: and {} more\n", kind.name, count - rows);
  }
  return text;
}

/// Whether --on-error skip, not given, would let some of a refused file land.
bool skip_would_help(const ImportReport& report) {
  return !report.skips_errors && std::ranges::any_of(report.files, [](const ImportedFile& file) {
    return !file.refusal.empty() && !file.series.empty();
  });
}

bool worth_details(const ImportedFile& file) {
  return !file.accepted() || !file.findings.none();
}

yyjson_mut_val* error_json(Json& json, const std::optional<Error>& error) {
  if (!error) return json.null();
  yyjson_mut_val* const object = json.object();
  json.put(object, "error", json.text(describe(error->code).name));
  json.put(object, "message", json.text(error->message));
  json.put(object, "field", error->field.empty() ? json.null() : json.text(error->field));
  return object;
}

void put_outcome(Json& json, yyjson_mut_val* object, const storage::PutOutcome& outcome) {
  json.put(object, "inserted", json.number(outcome.inserted));
  json.put(object, "corrected", json.number(outcome.corrected));
  json.put(object, "unchanged", json.number(outcome.unchanged));
}

yyjson_mut_val* series_json(Json& json, const ImportedSeries& series) {
  yyjson_mut_val* const object = json.object();
  json.put(object, "symbol", json.text(series.symbol.text()));
  json.put(object, "asset_type", json.text(domain::describe(series.asset_type).name));
  json.put(object, "bars", json.number(series.bars));
  if (series.outcome) {
    put_outcome(json, object, *series.outcome);
    json.put(object, "revision", json.text(domain::to_string(series.outcome->revision)));
  }
  return object;
}

yyjson_mut_val* finding_json(Json& json, const ingest::Finding& finding) {
  yyjson_mut_val* const object = json.object();
  json.put(object, "kind", json.text(ingest::describe(finding.kind).name));
  json.put(object, "severity", json.text(to_string(finding.severity)));
  json.put(object, "row", json.number(finding.row));
  json.put(object, "last_row", json.number(finding.last_row));
  json.put(object, "message", json.text(finding.message));
  return object;
}

yyjson_mut_val* file_json(Json& json, const ImportedFile& file) {
  yyjson_mut_val* const object = json.object();
  json.put(object, "path", json.text(file.path));
  json.put(object, "accepted", json.boolean(file.accepted()));
  json.put(object, "refusal", file.refusal.empty() ? json.null() : json.text(file.refusal));
  json.put(object, "error", error_json(json, file.error));
  json.put(object, "rows", json.number(file.rows));
  yyjson_mut_val* const series = json.array();
  for (const ImportedSeries& one : file.series) {
    yyjson_mut_arr_append(series, series_json(json, one));
  }
  json.put(object, "series", series);
  yyjson_mut_val* const counts = json.object();
  for (const ingest::KindRow& kind : ingest::kinds()) {
    const std::size_t count = file.findings.count(kind.kind);
    if (count > 0) json.put(counts, kind.name, json.number(count));
  }
  json.put(object, "counts", counts);
  yyjson_mut_val* const findings = json.array();
  for (const ingest::Finding& finding : file.findings.list()) {
    yyjson_mut_arr_append(findings, finding_json(json, finding));
  }
  json.put(object, "findings", findings);
  return object;
}

}  // namespace

int ImportReport::exit_status() const {
  constexpr int kRefused = 2;
  if (error) return describe(error->code).exit_status;
  bool refused = false;
  for (const ImportedFile& file : files) {
    if (file.accepted()) continue;
    refused = true;
    if (!file.error) continue;
    const int status = describe(file.error->code).exit_status;
    if (status != kRefused) return status;
  }
  return refused ? kRefused : 0;
}

std::string to_text(const ImportReport& report, bool colour) {
  const Totals totals = totals_of(report);
  using enum Table::Align;
  Table table({{"File"},
               {"Symbol"},
               {"Type"},
               {"Rows", right},
               {"Inserted", right},
               {"Corrected", right},
               {"Unchanged", right},
               {"Findings"}});
  for (const ImportedFile& file : report.files) add_rows(table, file);
  std::string text = table.render(colour);
  std::size_t shown = 0;
  std::size_t more = 0;
  for (const ImportedFile& file : report.files) {
    if (!worth_details(file)) continue;
    if (shown == kFilesInDetail) {
      ++more;
    } else {
      ++shown;
      text += details(file);
    }
  }
  if (more > 0)
    text += ara::format("\nand {} more files with findings; --json has them all\n", more);
  if (skip_would_help(report)) {
    text += "\nA row in error refuses its file; --on-error skip leaves such rows out.\n";
  }
  text += ara::format("\n{} of {} file{} {}, {} rows", totals.accepted, report.files.size(),
                      report.files.size() == 1 ? "" : "s", report.dry_run ? "would land" : "landed",
                      totals.rows);
  if (report.dry_run) return text + "; nothing was written (--dry-run)\n";
  return text + ara::format(": {} bars inserted, {} corrected, {} unchanged\n",
                            totals.written.inserted, totals.written.corrected,
                            totals.written.unchanged);
}

std::string to_json(const ImportReport& report) {
  const Totals totals = totals_of(report);
  Json json;
  yyjson_mut_val* const root = json.object();
  json.put(root, "dry_run", json.boolean(report.dry_run));
  json.put(root, "exit_status", json.number(static_cast<std::uint64_t>(report.exit_status())));
  json.put(root, "error", error_json(json, report.error));
  yyjson_mut_val* const files = json.array();
  for (const ImportedFile& file : report.files) {
    yyjson_mut_arr_append(files, file_json(json, file));
  }
  json.put(root, "files", files);
  yyjson_mut_val* const sums = json.object();
  json.put(sums, "files", json.number(report.files.size()));
  json.put(sums, "accepted", json.number(totals.accepted));
  json.put(sums, "rows", json.number(totals.rows));
  json.put(sums, "bars", json.number(totals.bars));
  put_outcome(json, sums, totals.written);
  json.put(sums, "errors", json.number(totals.findings[2]));
  json.put(sums, "warnings", json.number(totals.findings[1]));
  json.put(sums, "notes", json.number(totals.findings[0]));
  json.put(root, "totals", sums);
  return json.write(root);
}

}  // namespace ara::cli
