// The bars of SqliteStore: writing, comparing, reading the newest.
#include <algorithm>
#include <array>

#include "base/format.h"
#include "storage/bars_check.h"
#include "storage/sqlite_store.h"

namespace ara::storage {
namespace {

/// Rows an INSERT carries: enough that the cost of starting a statement is small beside its rows.
constexpr std::size_t kRowsAtOnce = 32;
constexpr int kBarColumns = 8;

constexpr std::string_view kInsertOne = "INSERT INTO bars VALUES (?,?,?,?,?,?,?,?)";

/// kInsertOne with kRowsAtOnce groups of parameters.
constexpr auto kInsertMany = [] {
  constexpr std::string_view more = ",(?,?,?,?,?,?,?,?)";
  std::array<char, kInsertOne.size() + more.size() * (kRowsAtOnce - 1)> sql{};
  auto end = std::ranges::copy(kInsertOne, sql.begin()).out;
  for (std::size_t i = 1; i < kRowsAtOnce; ++i) end = std::ranges::copy(more, end).out;
  return sql;
}();

// What note_write makes of the version of heads, in the same transaction.
#define ARA_NEXT_VERSION "(SELECT version + 1 FROM heads)"

void bind_bar(SqliteStatement& statement, int first, std::int64_t symbol_id,
              const domain::Bar& bar) {
  statement.bind_integer(first, symbol_id);
  statement.bind_integer(first + 1, seconds(bar.time));
  statement.bind_double(first + 2, bar.open);
  statement.bind_double(first + 3, bar.high);
  statement.bind_double(first + 4, bar.low);
  statement.bind_double(first + 5, bar.close);
  statement.bind_double(first + 6, bar.adjusted_close);
  statement.bind_double(first + 7, bar.volume);
}

/// Inserts bars none of which is stored yet.
Result<void> insert(SqliteConnection& connection, std::int64_t symbol_id,
                    std::span<const domain::Bar> bars) {
  const auto in_groups = [&](std::string_view sql, std::size_t rows) -> Result<void> {
    SqliteStatement statement = connection.prepare(sql);
    for (; bars.size() >= rows; bars = bars.subspan(rows)) {
      statement.rewind();
      for (std::size_t i = 0; i < rows; ++i) {
        bind_bar(statement, static_cast<int>(i) * kBarColumns + 1, symbol_id, bars[i]);
      }
      if (auto done = statement.run(); !done) return done;
    }
    return {};
  };
  if (auto many = in_groups({kInsertMany.data(), kInsertMany.size()}, kRowsAtOnce); !many) {
    return many;
  }
  return in_groups(kInsertOne, 1);
}

/// The bar of a row that begins with time, open, high, low, close, adjusted_close, volume.
domain::Bar bar_of(const SqliteStatement& row) {
  return {bar_time(row.integer(0)),
          row.real(1),
          row.real(2),
          row.real(3),
          row.real(4),
          row.real(5),
          row.real(6)};
}

Result<SqliteHead> known_head(SqliteConnection& connection, const domain::Symbol& symbol) {
  auto head = read_head(connection, symbol);
  if (!head) return std::unexpected(std::move(head.error()));
  if (!*head) return fail(Code::not_found, "there are no bars of " + symbol.text());
  return std::move(**head);
}

/// The rows as bars, at most `most`, in their own order.
Result<domain::Series> read_series(const SymbolRow& head, SqliteStatement& rows, std::size_t most) {
  domain::Series series{head.symbol, head.asset_type, head.interval, head.revision, {}};
  series.bars.reserve(most);
  for (;;) {
    const auto more = rows.step();
    if (!more) return std::unexpected(more.error());
    if (!*more) return series;
    series.bars.push_back(bar_of(rows));
  }
}

Result<BarDifference> compare(SqliteConnection& connection, std::int64_t symbol_id,
                              std::span<const domain::Bar> bars) {
  SqliteStatement rows = connection.prepare(
      "SELECT time, open, high, low, close, adjusted_close, volume FROM bars "
      "WHERE symbol_id = ? AND time BETWEEN ? AND ? ORDER BY time");
  rows.bind(symbol_id, seconds(bars.front().time), seconds(bars.back().time));
  BarComparison comparison(bars);
  for (;;) {
    const auto row = rows.step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return comparison.finish();
    comparison.next(bar_of(rows));
  }
}

Result<void> correct(SqliteConnection& connection, std::int64_t symbol_id,
                     std::span<const domain::Bar> bars) {
  SqliteStatement update = connection.prepare(
      "UPDATE bars SET open = ?3, high = ?4, low = ?5, close = ?6, adjusted_close = ?7, "
      "volume = ?8 WHERE symbol_id = ?1 AND time = ?2");
  for (const domain::Bar& bar : bars) {
    update.rewind();
    bind_bar(update, 1, symbol_id, bar);
    if (auto done = update.run(); !done) return done;
  }
  return {};
}

Result<PutOutcome> put_new_symbol(SqliteConnection& connection, const SymbolBars& part) {
  const std::span<const domain::Bar> bars = part.bars;
  PutOutcome outcome{.inserted = bars.size(), .revision = {1, 0}};
  for (const domain::Bar& bar : bars) outcome.revision.content += domain::content_of(bar);
  SqliteStatement head = connection.prepare(
      "INSERT INTO symbols (symbol, asset_type, bar_interval, revision, content, bars, first, "
      "last, changed) "
      "VALUES (?, ?, 'day', ?, ?, ?, ?, ?, " ARA_NEXT_VERSION ") RETURNING id");
  const auto row = head.bind(part.symbol.text(), describe(part.asset_type).name,
                             outcome.revision.counter, outcome.revision.content, bars.size(),
                             seconds(bars.front().time), seconds(bars.back().time))
                       .step();
  if (!row) return std::unexpected(row.error());
  const std::int64_t id = head.integer(0);
  head.rewind();
  if (auto done = insert(connection, id, bars); !done) return std::unexpected(done.error());
  return outcome;
}

Result<PutOutcome> put_known_symbol(SqliteConnection& connection, const SqliteHead& head,
                                    std::span<const domain::Bar> bars) {
  const auto difference = compare(connection, head.id, bars);
  if (!difference) return std::unexpected(difference.error());
  PutOutcome outcome{difference->added.size(), difference->corrected.size(), difference->unchanged,
                     head.row.revision};
  if (outcome.inserted + outcome.corrected == 0) return outcome;
  ++outcome.revision.counter;
  outcome.revision.content += difference->content;
  auto update = [&] {
    return connection
        .prepare(
            "UPDATE symbols SET revision = ?, content = ?, bars = ?, first = ?, last = ?, "
            "changed = " ARA_NEXT_VERSION " WHERE id = ?")
        .bind(outcome.revision.counter, outcome.revision.content, head.row.bars + outcome.inserted,
              seconds(std::min(head.row.first, bars.front().time)),
              seconds(std::max(head.row.last, bars.back().time)), head.id)
        .run();
  };
  auto done = insert(connection, head.id, difference->added)
                  .and_then([&] { return correct(connection, head.id, difference->corrected); })
                  .and_then(update);
  if (!done) return std::unexpected(done.error());
  return outcome;
}

Result<PutOutcome> put(SqliteConnection& connection, const SymbolBars& part) {
  const auto head = read_head(connection, part.symbol);
  if (!head) return std::unexpected(head.error());
  if (!*head) return put_new_symbol(connection, part);
  if (auto same = check_asset_type((*head)->row, part.asset_type); !same) {
    return std::unexpected(same.error());
  }
  return put_known_symbol(connection, **head, part.bars);
}

}  // namespace

Result<PutOutcome> SqliteStore::put_bars(const domain::Symbol& symbol, domain::AssetType asset_type,
                                         std::span<const domain::Bar> bars, const Call& call) {
  const SymbolBars part{symbol, asset_type, bars};
  auto outcomes = put_all_bars({&part, 1}, call);
  if (!outcomes) return std::unexpected(outcomes.error());
  return outcomes->front();
}

Result<std::vector<PutOutcome>> SqliteStore::put_all_bars(std::span<const SymbolBars> batch,
                                                          const Call& call) {
  if (auto checked = check_batch(batch); !checked) return std::unexpected(checked.error());
  auto connection = writer(call, Sync::full, DbOperation::bars_write);
  if (!connection) return std::unexpected(connection.error());
  auto transaction = SqliteTransaction::begin(**connection, SqliteTransaction::Kind::write);
  if (!transaction) return std::unexpected(transaction.error());
  std::vector<PutOutcome> outcomes;
  Changed changed = Changed::nothing;
  for (const SymbolBars& part : batch) {
    auto outcome = put(**connection, part);
    if (!outcome) return std::unexpected(outcome.error());
    if (outcome->inserted + outcome->corrected > 0) changed = Changed::heads;
    outcomes.push_back(*outcome);
  }
  auto done = note_write(**connection, changed).and_then([&] { return transaction->commit(); });
  if (!done) return std::unexpected(done.error());
  return outcomes;
}

Result<domain::Series> SqliteStore::last_bars(const domain::Symbol& symbol, std::size_t count,
                                              const Call& call) {
  auto connection = readers_.take(call, DbOperation::bars_read);
  if (!connection) return std::unexpected(connection.error());
  auto snapshot = SqliteTransaction::begin(**connection, SqliteTransaction::Kind::read);
  if (!snapshot) return std::unexpected(snapshot.error());
  const auto head = known_head(**connection, symbol);
  if (!head) return std::unexpected(head.error());
  SqliteStatement rows =
      (*connection)
          ->prepare(
              "SELECT time, open, high, low, close, adjusted_close, volume FROM bars "
              "WHERE symbol_id = ? ORDER BY time DESC LIMIT ?");
  const std::size_t wanted = std::min<std::uint64_t>(count, head->row.bars);
  rows.bind(head->id, wanted);
  auto series = read_series(head->row, rows, wanted);
  if (!series) return series;
  if (series->bars.size() != wanted) {
    return fail(Code::corrupt, ara::format("the store counts {} bars of {} but holds {}",
                                           head->row.bars, symbol.text(), series->bars.size()));
  }
  std::ranges::reverse(series->bars);
  return series;
}

Result<domain::Series> SqliteStore::bars(const domain::Symbol& symbol, const BarRange& range,
                                         const Call& call) {
  auto connection = readers_.take(call, DbOperation::bars_read);
  if (!connection) return std::unexpected(connection.error());
  auto snapshot = SqliteTransaction::begin(**connection, SqliteTransaction::Kind::read);
  if (!snapshot) return std::unexpected(snapshot.error());
  const auto head = known_head(**connection, symbol);
  if (!head) return std::unexpected(head.error());
  SqliteStatement rows =
      (*connection)
          ->prepare(
              "SELECT time, open, high, low, close, adjusted_close, volume FROM bars "
              "WHERE symbol_id = ? AND time BETWEEN ? AND ? ORDER BY time LIMIT ?");
  const std::size_t most = std::min<std::uint64_t>(range.limit, head->row.bars);
  rows.bind(head->id, seconds(range.from.value_or(head->row.first)),
            seconds(range.to.value_or(head->row.last)), most);
  return read_series(head->row, rows, most);
}

}  // namespace ara::storage
