#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "domain/series.h"
#include "ingest/date_format.h"
#include "ingest/finding.h"

namespace ara::ingest {

/// What becomes of a file with rows in error.
enum class OnError {
  stop,  ///< the whole file is refused
  skip,  ///< the rows in error are left out, the others land
};

struct Options {
  std::string name;  ///< of the file; gives the symbol where nothing else does
  std::optional<domain::Symbol> symbol;
  std::optional<domain::AssetType> asset_type;
  /// The asset type that a symbol is known with, before a guess; may be empty.
  std::function<std::optional<domain::AssetType>(const domain::Symbol&)> known_type;
  std::optional<DateOrder> date_order;
  std::optional<domain::Date> today;  ///< bars after the day that follows are errors
  OnError on_error = OnError::stop;
};

/// The bars of one symbol, oldest first, no day twice, each of them checked.
struct ParsedSeries {
  domain::Symbol symbol;
  domain::AssetType asset_type = domain::AssetType::stock;
  std::vector<domain::Bar> bars;
};

/// A text that was read to its end.
struct Parsed {
  std::vector<ParsedSeries> series;  ///< in the order in which their symbols first appear
  Findings findings;
  std::size_t rows = 0;  ///< lines of data, blank ones not counted
  std::string refusal;   ///< why it must not land; empty if it may

  bool accepted() const { return refusal.empty(); }
  std::size_t bars() const;
};

/// Reads daily bars out of CSV text: finds delimiter, columns, number and date format, symbol and
/// asset type, and checks every bar and series (see docs/IMPORT.md). What is wrong with single rows
/// is a finding; what keeps the text from being read at all is an error, Code::invalid on field
/// "file", "date" or "symbol", Code::unsupported for several bars a day.
Result<Parsed> parse_csv(std::string_view text, const Options& options);

}  // namespace ara::ingest
