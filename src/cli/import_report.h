#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "ingest/finding.h"
#include "storage/store.h"

namespace ara::cli {

/// What became of one symbol's bars.
struct ImportedSeries {
  domain::Symbol symbol;
  domain::AssetType asset_type = domain::AssetType::stock;
  std::size_t bars = 0;
  std::optional<storage::PutOutcome> outcome;  ///< none if they were not written
};

/// What became of one file: it landed whole, or `refusal` or `error` says why it did not.
struct ImportedFile {
  std::string path;
  std::size_t rows = 0;
  std::vector<ImportedSeries> series;
  ingest::Findings findings;
  std::string refusal;         ///< by the checks
  std::optional<Error> error;  ///< not readable, or not written

  bool accepted() const { return refusal.empty() && !error; }
};

struct ImportReport {
  std::vector<ImportedFile> files;
  bool dry_run = false;
  bool skips_errors = false;   ///< --on-error skip
  std::optional<Error> error;  ///< that ended it before the first file, or between two

  /// 0 if all landed; the status of the first error that is not about a file's content; else 2.
  int exit_status() const;
};

/// A table with a line for each symbol, and the first findings of each kind below it.
std::string to_text(const ImportReport& report, bool colour);
/// One JSON object, without a line end (docs/IMPORT.md shows it).
std::string to_json(const ImportReport& report);

}  // namespace ara::cli
