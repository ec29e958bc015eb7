#include "ingest/parse.h"

#include <algorithm>
#include <utility>

#include "base/format.h"
#include "ingest/check.h"
#include "ingest/layout.h"
#include "ingest/names.h"
#include "ingest/reader.h"

namespace ara::ingest {
namespace {

/// The format of the date column. A year in front is plain from the first row; anything else is
/// decided by all rows.
Result<DateFormat> find_dates(std::string_view text, const Layout& layout, const Options& options) {
  Lines lines(text);
  Cells cells;
  std::vector<std::string_view> dates;
  const std::size_t position = *layout.at(Column::date);
  while (const auto line = lines.next()) {
    if (lines.number() < layout.first_row || !cells.split(*line, layout.delimiter)) continue;
    if (cells.size() < layout.width || cells[position].empty()) continue;
    if (dates.empty() && is_year_first(cells[position])) return DateFormat{};
    dates.push_back(cells[position]);
  }
  return detect_date_format(dates, options.date_order, options.today);
}

/// Whose bars a text without a usable symbol column holds.
Result<domain::Symbol> symbol_of(const Layout& layout, const Options& options) {
  if (options.symbol) return *options.symbol;
  if (!layout.symbol.empty()) return domain::Symbol::parse(layout.symbol);
  const std::string text = symbol_text_of(options.name);
  auto symbol = domain::Symbol::parse(text);
  if (symbol) return symbol;
  return std::unexpected(Error{
      Code::invalid,
      text.empty() ? "symbol: nothing names it; give --symbol"
                   : "symbol: the file's name '" + printable(text) + "' is none; give --symbol",
      "symbol", printable(text), symbol.error().allowed});
}

/// Whether the symbol column of the first row that has one holds a symbol ("AAPL" does, "Apple
/// Inc." does not).
bool has_symbols(std::string_view text, const Layout& layout) {
  const auto position = layout.at(Column::symbol);
  if (!position) return false;
  Lines lines(text);
  Cells cells;
  while (const auto line = lines.next()) {
    if (lines.number() < layout.first_row || !cells.split(*line, layout.delimiter)) continue;
    if (cells.size() == layout.width) return domain::Symbol::parse(cells[*position]).has_value();
  }
  return false;
}

domain::AssetType asset_type_of(const Group& group, const Options& options) {
  if (options.asset_type) return *options.asset_type;
  const auto known =
      options.known_type ? options.known_type(group.symbol) : std::optional<domain::AssetType>();
  return known ? *known : guess_asset_type(group.symbol, group.rows);
}

/// Checks the rows of one symbol and makes them its series.
Result<ParsedSeries> finish(Group group, const Options& options, Findings& findings) {
  ParsedSeries series{group.symbol, asset_type_of(group, options), {}};
  std::vector<Row>& rows = group.rows;
  std::erase_if(rows, [&](const Row& row) {
    if (series.asset_type == domain::AssetType::commodity && row.bar.close <= 0) {
      findings.add(Kind::negative_price, row.line, ara::format("close is {}", row.bar.close));
    }
    auto fault = check_bar(row.bar, series.asset_type);
    if (fault && !findings.extend(fault->kind, row.line)) {
      findings.add(fault->kind, row.line, std::move(fault->message));
    }
    if (fault) group.in_error.push_back(domain::date_of(row.bar.time));
    return fault.has_value();
  });
  const std::size_t other_times = order_rows(rows, findings);
  if (other_times > rows.size() / 2) {
    return fail(Code::unsupported, "several bars a day of " + series.symbol.text() +
                                       " at different times; only daily bars can be imported");
  }
  check_series(group, series.asset_type, options.on_error == OnError::skip, findings);
  series.bars.reserve(rows.size());
  for (const Row& row : rows) series.bars.push_back(row.bar);
  return series;
}

std::string refusal_of(const Parsed& parsed, OnError on_error) {
  const std::size_t errors = parsed.findings.count(Severity::error);
  if (parsed.bars() == 0) return "no row in it is a usable bar";
  if (on_error == OnError::stop && errors > 0) {
    return ara::format("{} error{}", errors, errors == 1 ? "" : "s");
  }
  if (errors * 2 > parsed.rows) {
    return ara::format("{} of {} rows are in error", errors, parsed.rows);
  }
  return {};
}

}  // namespace

std::size_t Parsed::bars() const {
  std::size_t count = 0;
  for (const ParsedSeries& one : series) count += one.bars.size();
  return count;
}

Result<Parsed> parse_csv(std::string_view text, const Options& options) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const auto layout = find_layout(text);
  if (!layout) return std::unexpected(layout.error());
  const auto dates = find_dates(text, *layout, options);
  if (!dates) return std::unexpected(dates.error());

  Parsed parsed;
  Reader reader(*layout, *dates, options.today, parsed.findings);
  if (!options.symbol && has_symbols(text, *layout)) {
    reader.read_by_symbol(text);
  } else {
    const auto symbol = symbol_of(*layout, options);
    if (!symbol) return std::unexpected(symbol.error());
    reader.read_as(text, *symbol);
    if (options.symbol && reader.several_symbols()) {
      return invalid("symbol", options.symbol->text(),
                     "no --symbol: the file has a symbol column with several in it");
    }
  }
  parsed.rows = reader.rows();
  for (Group& group : reader.take_groups()) {
    auto series = finish(std::move(group), options, parsed.findings);
    if (!series) return std::unexpected(series.error());
    if (!series->bars.empty()) parsed.series.push_back(std::move(*series));
  }
  parsed.findings.sort_by_row();
  parsed.refusal = refusal_of(parsed, options.on_error);
  return parsed;
}

}  // namespace ara::ingest
