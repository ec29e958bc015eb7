#include <bit>
#include <cmath>
#include <cstring>

#include "base/format.h"
#include "storage/postgres_bars.h"

namespace ara::storage {
namespace {

/// Rows of COPY … (FORMAT binary): a header, for each row the count of its fields and each field
/// with its length, a trailer. https://www.postgresql.org/docs/17/sql-copy.html
class CopyOfBars {
 public:
  CopyOfBars() : data_("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19) {}

  void add(int slot, std::int64_t symbol_id, const domain::Bar& bar) {
    put<std::int16_t>(9);
    add_integer(slot);
    add_integer(symbol_id);
    add_integer(seconds(bar.time));
    for (const double value :
         {bar.open, bar.high, bar.low, bar.close, bar.adjusted_close, bar.volume}) {
      if (std::isnan(value)) {
        put<std::int32_t>(-1);
      } else {
        put<std::int32_t>(8);
        put(std::bit_cast<std::int64_t>(value));
      }
    }
  }
  std::string_view finish() {
    put<std::int16_t>(-1);
    return data_;
  }

 private:
  template <class Integer>
  void put(Integer value) {
    if constexpr (std::endian::native == std::endian::little) value = std::byteswap(value);
    char bytes[sizeof(value)];
    std::memcpy(bytes, &value, sizeof(value));
    data_.append(bytes, sizeof(value));
  }
  void add_integer(std::int64_t value) {
    put<std::int32_t>(8);
    put(value);
  }

  std::string data_;
};

}  // namespace

Result<PgHead> pg_head_of(const PgRows& rows, int row) {
  auto symbol = domain::Symbol::parse(rows.text(row, 1));
  auto asset_type = domain::parse_asset_type(rows.text(row, 2));
  if (!symbol || !asset_type) {
    return fail(Code::corrupt, "the store has a symbol row that cannot be read: " +
                                   (symbol ? asset_type.error() : symbol.error()).message);
  }
  return PgHead{rows.integer(row, 0),
                {*symbol,
                 *asset_type,
                 domain::Interval::day,
                 {static_cast<std::uint64_t>(rows.integer(row, 3)),
                  static_cast<std::uint64_t>(rows.integer(row, 4))},
                 static_cast<std::uint64_t>(rows.integer(row, 5)),
                 bar_time(rows.integer(row, 6)),
                 bar_time(rows.integer(row, 7))}};
}

domain::Bar pg_bar_of(const PgRows& rows, int row, int first) {
  return {bar_time(rows.integer(row, first)), rows.real(row, first + 1), rows.real(row, first + 2),
          rows.real(row, first + 3),          rows.real(row, first + 4), rows.real(row, first + 5),
          rows.real(row, first + 6)};
}

Result<void> copy_bars(PgConnection& connection, int slot, std::int64_t symbol_id,
                       std::span<const domain::Bar> bars) {
  if (bars.empty()) return {};
  CopyOfBars rows;
  for (const domain::Bar& bar : bars) rows.add(slot, symbol_id, bar);
  // Into the partition itself, which spares the server the search for it, row by row.
  return connection
      .copy(ara::format("COPY bars_{} (slot, symbol_id, time, open, high, low, close, "
                        "adjusted_close, volume) FROM STDIN (FORMAT binary)",
                        slot / 1024),
            rows.finish())
      .transform([](std::uint64_t) {});
}

}  // namespace ara::storage
