#include "ingest/layout.h"

#include <algorithm>
#include <cctype>
#include <vector>

#include "base/text.h"
#include "ingest/date_format.h"
#include "ingest/rows.h"

namespace ara::ingest {
namespace {

constexpr std::size_t kLinesLookedAt = 12;    // a header stands near the top
constexpr std::size_t kRowsForNumbers = 200;  // enough to see how numbers are written

struct HeaderName {
  std::string_view name;  ///< letters and digits only, lower case
  Column column;
};

// Where a file has several names of one column, the one that stands first here is taken.
constexpr std::array kNames{
    HeaderName{"date", Column::date},
    HeaderName{"datetime", Column::date},
    HeaderName{"timestamp", Column::date},
    HeaderName{"opentime", Column::date},
    HeaderName{"tradingday", Column::date},
    HeaderName{"tradedate", Column::date},
    HeaderName{"observationdate", Column::date},
    HeaderName{"day", Column::date},
    HeaderName{"unix", Column::date},
    HeaderName{"unixtimestamp", Column::date},
    HeaderName{"time", Column::date},
    HeaderName{"open", Column::open},
    HeaderName{"openprice", Column::open},
    HeaderName{"high", Column::high},
    HeaderName{"highprice", Column::high},
    HeaderName{"max", Column::high},
    HeaderName{"low", Column::low},
    HeaderName{"lowprice", Column::low},
    HeaderName{"min", Column::low},
    HeaderName{"close", Column::close},
    HeaderName{"closeprice", Column::close},
    HeaderName{"closelast", Column::close},
    HeaderName{"last", Column::close},
    HeaderName{"price", Column::close},
    HeaderName{"value", Column::close},
    HeaderName{"rate", Column::close},
    HeaderName{"adjclose", Column::adjusted_close},
    HeaderName{"adjustedclose", Column::adjusted_close},
    HeaderName{"closeadj", Column::adjusted_close},
    HeaderName{"volume", Column::volume},
    HeaderName{"vol", Column::volume},
    HeaderName{"volumebtc", Column::volume},
    HeaderName{"volumefrom", Column::volume},
    HeaderName{"symbol", Column::symbol},
    HeaderName{"ticker", Column::symbol},
    HeaderName{"name", Column::symbol},
};

std::string normalised(std::string_view cell) {
  std::string name;
  for (char c : to_lower(cell)) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) name += c;
  }
  return name;
}

std::optional<std::size_t> rank_of(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i].name == name) return i;
  }
  return std::nullopt;
}

/// The columns that a header row names, or nothing if it names no date and close.
std::optional<Layout> from_header(const Cells& cells) {
  Layout layout;
  layout.header = true;
  layout.width = cells.size();
  std::array<std::size_t, Layout::kColumns> best;
  best.fill(kNames.size());
  std::size_t unknown = 0;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::string name = normalised(cells[i]);
    const auto rank = rank_of(name);
    if (!rank) {
      unknown = i;
      continue;
    }
    const auto column = static_cast<std::size_t>(kNames[*rank].column);
    if (*rank < best[column]) {
      best[column] = *rank;
      layout.position[column] = static_cast<std::uint8_t>(i);
    }
  }
  if (!layout.has(Column::date)) return std::nullopt;
  // CryptoDataDownload names its volumes by coin, "Volume ETH": the first is in units.
  for (std::size_t i = 0; i < cells.size() && !layout.has(Column::volume); ++i) {
    if (normalised(cells[i]).starts_with("volume")) {
      layout.position[static_cast<std::size_t>(Column::volume)] = static_cast<std::uint8_t>(i);
    }
  }
  // FRED names the one value column by its series.
  if (!layout.has(Column::close) && cells.size() == 2 && !normalised(cells[unknown]).empty() &&
      !looks_like_date(cells[unknown]) && !parse_double(cells[unknown])) {
    layout.position[static_cast<std::size_t>(Column::close)] = static_cast<std::uint8_t>(unknown);
  }
  if (!layout.has(Column::close)) return std::nullopt;
  return layout;
}

/// The columns of a row without a header, by their number.
std::optional<Layout> from_row(const Cells& cells) {
  if (cells.size() < 2 || !looks_like_date(cells[0])) return std::nullopt;
  for (std::size_t i = 1; i < cells.size(); ++i) {
    if (read_number(cells[i], {}).state == Number::State::bad && !shows_decimal_comma(cells[i])) {
      return std::nullopt;
    }
  }
  using enum Column;
  std::vector<Column> columns;
  switch (cells.size()) {
    case 2:
      columns = {date, close};
      break;
    case 5:
      columns = {date, open, high, low, close};
      break;
    case 6:
    case 11:
    case 12:
      columns = {date, open, high, low, close, volume};
      break;
    default:
      return std::nullopt;
  }
  Layout layout;
  layout.width = cells.size();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    layout.position[static_cast<std::size_t>(columns[i])] = static_cast<std::uint8_t>(i);
  }
  return layout;
}

/// yfinance since 0.2.51 writes three header lines: "Price,Close,High,…", "Ticker,AAPL,AAPL,…" and
/// "Date,,,…".
std::optional<Layout> from_yfinance(const Cells& first, const Cells& second, const Cells& third) {
  if (first[0] != "Price" || second[0] != "Ticker" || third[0] != "Date" || second.size() < 2 ||
      first.size() != third.size()) {
    return std::nullopt;
  }
  std::string header = "Date";
  for (std::size_t i = 1; i < first.size(); ++i) header += "\t" + std::string(first[i]);
  Cells cells;
  if (!cells.split(header, '\t')) return std::nullopt;
  auto layout = from_header(cells);
  if (layout) layout->symbol = std::string(second[1]);
  return layout;
}

/// The layout with this delimiter, from whichever of the first lines shows it.
std::optional<Layout> with_delimiter(std::string_view text, char delimiter) {
  Lines lines(text);
  std::array<Cells, 3> last;
  for (std::size_t i = 0; i < kLinesLookedAt; ++i) {
    const auto line = lines.next();
    if (!line) break;
    std::rotate(last.begin(), last.begin() + 1, last.end());
    if (!last[2].split(*line, delimiter) || last[2].size() < 2) {
      last[2].split({}, delimiter);
      continue;
    }
    std::optional<Layout> layout;
    if (lines.number() >= 3 && last[0].size() > 1) {
      layout = from_yfinance(last[0], last[1], last[2]);
    }
    if (!layout) layout = from_header(last[2]);
    if (!layout) layout = from_row(last[2]);
    if (layout) {
      layout->first_row = lines.number() + (layout->header ? 1 : 0);
      layout->delimiter = delimiter;
      return layout;
    }
  }
  return std::nullopt;
}

/// How numbers are written: by the first that leaves no doubt, else, where the comma is not the
/// delimiter but a semicolon is, as those do who need it for that reason.
NumberStyle number_style(std::string_view text, const Layout& layout) {
  Lines lines(text);
  Cells cells;
  bool comma = false;
  bool point = false;
  for (std::size_t seen = 0; seen < kRowsForNumbers;) {
    const auto line = lines.next();
    if (!line) break;
    if (lines.number() < layout.first_row || !cells.split(*line, layout.delimiter)) continue;
    ++seen;
    for (Column column : {Column::open, Column::high, Column::low, Column::close}) {
      const auto position = layout.at(column);
      if (!position || *position >= cells.size()) continue;
      const std::string_view cell = cells[*position];
      if (shows_decimal_comma(cell)) return {.decimal_comma = true};
      comma |= cell.find(',') != cell.npos;
      point |= cell.find('.') != cell.npos;
    }
  }
  return {.decimal_comma = layout.delimiter == ';' && comma && !point};
}

std::unexpected<Error> no_table(std::string_view text) {
  const std::string_view start = trim(text.substr(0, 200));
  const std::string_view line = start.substr(0, start.find('\n'));
  const std::string_view allowed =
      "CSV with a header that names a date and a close column, or rows of date, open, high, low, "
      "close, volume";
  if (start.starts_with('<')) return invalid("file", line, "CSV, not an HTML or XML page");
  if (start.starts_with('{') || start.starts_with('[')) {
    return invalid("file", line, "CSV, not JSON");
  }
  return invalid("file", line, allowed);
}

}  // namespace

Result<Layout> find_layout(std::string_view text) {
  if (trim(text.substr(0, 4096)).empty()) return invalid("file", "", "CSV; there is no text in it");
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    return invalid("file", text.substr(0, 8), "UTF-8 text; this is UTF-16");
  }
  if (text.substr(0, 1024).find('\0') != text.npos) {
    return invalid("file", text.substr(0, 16), "text; this is a binary file");
  }
  std::optional<Layout> best;
  for (char delimiter : {',', ';', '\t', '|'}) {
    const auto layout = with_delimiter(text, delimiter);
    if (layout && (!best || layout->width > best->width)) best = layout;
  }
  if (!best) return no_table(text);
  best->numbers = number_style(text, *best);
  return *best;
}

}  // namespace ara::ingest
