#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "ingest/number.h"

namespace ara::ingest {

/// What a column is read as; all others are left unread (market capitalisation, open interest,
/// quote volume, dividends, …).
enum class Column { date, open, high, low, close, adjusted_close, volume, symbol };

/// How a text is laid out.
struct Layout {
  static constexpr std::size_t kColumns = static_cast<std::size_t>(Column::symbol) + 1;

  char delimiter = ',';
  bool header = false;
  std::size_t first_row = 1;  ///< line number of the first row of data
  std::size_t width = 0;      ///< columns in a row
  std::array<std::optional<std::uint8_t>, kColumns> position;
  NumberStyle numbers;
  std::string symbol;  ///< named in the header block (yfinance), else empty

  std::optional<std::uint8_t> at(Column column) const {
    return position[static_cast<std::size_t>(column)];
  }
  bool has(Column column) const { return at(column).has_value(); }
};

/// Finds delimiter, header and columns within the first lines. Understands the headers of Yahoo,
/// yfinance, stooq, Kaggle, Binance, CryptoDataDownload, Nasdaq, Investing.com and FRED, and rows
/// without header: date and close; date, open, high, low, close[, volume]; Binance's klines.
/// Code::invalid on field "file" when there is no table of bars in it.
Result<Layout> find_layout(std::string_view text);

}  // namespace ara::ingest
