// The symbols and bars of PostgresStore.
#include "storage/postgres_bars.h"

#include <algorithm>
#include <limits>
#include <map>

#include "base/format.h"
#include "domain/slot.h"
#include "storage/bars_check.h"
#include "storage/moved.h"

namespace ara::storage {
namespace {

/// Corrected bars go the way of new ones, once the old are gone.
Result<void> replace_bars(PgConnection& connection, int slot, std::int64_t symbol_id,
                          std::span<const domain::Bar> bars) {
  if (bars.empty()) return {};
  std::string times = "{";
  for (const domain::Bar& bar : bars) times += ara::format("{},", seconds(bar.time));
  times.back() = '}';
  return only_done(connection.ask("DELETE FROM bars WHERE slot = $1 AND symbol_id = $2 "
                                  "AND time = ANY ($3::bigint[])",
                                  slot, symbol_id, std::string_view(times)))
      .and_then([&] { return copy_bars(connection, slot, symbol_id, bars); });
}

Result<BarDifference> pg_compare(PgConnection& connection, int slot, std::int64_t symbol_id,
                                 std::span<const domain::Bar> bars) {
  const auto rows = connection.ask(
      "SELECT time, open, high, low, close, adjusted_close, volume FROM bars "
      "WHERE slot = $1 AND symbol_id = $2 AND time BETWEEN $3 AND $4 ORDER BY time",
      slot, symbol_id, seconds(bars.front().time), seconds(bars.back().time));
  if (!rows) return std::unexpected(rows.error());
  BarComparison comparison(bars);
  for (int row = 0; row < rows->size(); ++row) comparison.next(pg_bar_of(*rows, row, 0));
  return comparison.finish();
}

/// Locks the symbol's row until the transaction ends; nothing if there is none.
Result<std::optional<PgHead>> lock_head(PgConnection& connection, const domain::Symbol& symbol) {
  const auto rows = connection.ask(
      "SELECT " ARA_PG_HEAD " FROM symbols WHERE symbol = $1 FOR UPDATE", symbol.text());
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return std::nullopt;
  return pg_head_of(*rows, 0);
}

/// The outcome; nothing where another has made the symbol meanwhile.
Result<std::optional<PutOutcome>> put_first(PgConnection& connection, const SymbolBars& part) {
  const std::span<const domain::Bar> bars = part.bars;
  const int slot = domain::slot_of(part.symbol.text());
  PutOutcome outcome{.inserted = bars.size(), .revision = {1, 0}};
  for (const domain::Bar& bar : bars) outcome.revision.content += domain::content_of(bar);
  const auto row = connection.ask(
      "INSERT INTO symbols (symbol, slot, asset_type, bar_interval, revision, content, bars, "
      "first, last) VALUES ($1, $2, $3, 'day', $4, $5, $6, $7, $8) "
      "ON CONFLICT (symbol) DO NOTHING RETURNING id",
      part.symbol.text(), slot, domain::describe(part.asset_type).name, outcome.revision.counter,
      outcome.revision.content, bars.size(), seconds(bars.front().time), seconds(bars.back().time));
  if (!row) return std::unexpected(row.error());
  if (row->empty()) return std::nullopt;
  if (auto done = copy_bars(connection, slot, row->integer(0, 0), bars); !done) {
    return std::unexpected(done.error());
  }
  return outcome;
}

Result<PutOutcome> put_more(PgConnection& connection, const PgHead& head,
                            std::span<const domain::Bar> bars) {
  const int slot = domain::slot_of(head.row.symbol.text());
  const auto difference = pg_compare(connection, slot, head.id, bars);
  if (!difference) return std::unexpected(difference.error());
  PutOutcome outcome{difference->added.size(), difference->corrected.size(), difference->unchanged,
                     head.row.revision};
  if (outcome.inserted + outcome.corrected == 0) return outcome;
  ++outcome.revision.counter;
  outcome.revision.content += difference->content;
  auto done =
      copy_bars(connection, slot, head.id, difference->added)
          .and_then([&] { return replace_bars(connection, slot, head.id, difference->corrected); })
          .and_then([&] {
            return only_done(connection.ask(
                "UPDATE symbols SET revision = $1, content = $2, bars = $3, first = $4, last = $5 "
                "WHERE id = $6",
                outcome.revision.counter, outcome.revision.content,
                head.row.bars + outcome.inserted,
                seconds(std::min(head.row.first, bars.front().time)),
                seconds(std::max(head.row.last, bars.back().time)), head.id));
          });
  if (!done) return std::unexpected(done.error());
  return outcome;
}

Result<PutOutcome> put_part(PgConnection& connection, const SymbolBars& part) {
  for (;;) {
    const auto head = lock_head(connection, part.symbol);
    if (!head) return std::unexpected(head.error());
    if (*head) {
      if (auto same = check_asset_type((*head)->row, part.asset_type); !same) {
        return std::unexpected(same.error());
      }
      return put_more(connection, **head, part.bars);
    }
    auto outcome = put_first(connection, part);
    if (!outcome) return std::unexpected(outcome.error());
    if (*outcome) return **outcome;
  }
}

/// The series of a join of one head with its bars, which begin in the column after the head's.
Result<domain::Series> pg_series_of(const PgRows& rows, const domain::Symbol& symbol) {
  if (rows.empty()) return std::unexpected(moved());
  if (rows.null(0, 0)) return fail(Code::not_found, "there are no bars of " + symbol.text());
  const auto head = pg_head_of(rows, 0);
  if (!head) return std::unexpected(head.error());
  domain::Series series{symbol, head->row.asset_type, head->row.interval, head->row.revision, {}};
  // A head without bars in the range has one row, whose bar is NULL.
  if (rows.null(0, kPgHeadColumns)) return series;
  series.bars.reserve(static_cast<std::size_t>(rows.size()));
  for (int row = 0; row < rows.size(); ++row) {
    series.bars.push_back(pg_bar_of(rows, row, kPgHeadColumns));
  }
  return series;
}

}  // namespace

Result<std::optional<SymbolRow>> PostgresStore::find_symbol(const domain::Symbol& symbol,
                                                            const Call& call) {
  return read(
      DbOperation::heads, call, [&](PgConnection& connection) -> Result<std::optional<SymbolRow>> {
        const auto rows =
            connection.ask("SELECT s.*, " ARA_PG_POSITION
                           " FROM " ARA_PG_OWNED("$2") " LEFT JOIN (SELECT " ARA_PG_HEAD
                                                       " FROM symbols WHERE symbol = $1) s ON true",
                           symbol.text(), domain::slot_of(symbol.text()));
        if (!rows) return std::unexpected(rows.error());
        if (rows->empty()) return std::unexpected(moved());
        know(static_cast<std::uint64_t>(rows->integer(0, kPgHeadColumns)));
        if (rows->null(0, 0)) return std::nullopt;
        return pg_head_of(*rows, 0).transform(
            [](PgHead&& head) { return std::optional(std::move(head.row)); });
      });
}

Result<PutOutcome> PostgresStore::put_bars(const domain::Symbol& symbol,
                                           domain::AssetType asset_type,
                                           std::span<const domain::Bar> bars, const Call& call) {
  const SymbolBars part{symbol, asset_type, bars};
  auto outcomes = put_all_bars({&part, 1}, call);
  if (!outcomes) return std::unexpected(outcomes.error());
  return outcomes->front();
}

std::vector<int> slots_of_batch(std::span<const SymbolBars> batch) {
  std::vector<int> slots;
  for (const SymbolBars& part : batch) slots.push_back(domain::slot_of(part.symbol.text()));
  return slots;
}

Result<std::vector<PutOutcome>> write_bars(PgConnection& connection,
                                           std::span<const SymbolBars> batch) {
  // Locks are taken in one order, first of symbols and then of heads: two writers of the same
  // symbols wait for one another, and never both.
  std::vector<std::size_t> order(batch.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, {},
                    [&](std::size_t i) -> const domain::Symbol& { return batch[i].symbol; });
  std::vector<PutOutcome> outcomes(batch.size());
  std::map<int, std::string> changed;  // the symbols of each part, as an array
  for (const std::size_t i : order) {
    auto outcome = put_part(connection, batch[i]);
    if (!outcome) return std::unexpected(outcome.error());
    outcomes[i] = *outcome;
    if (outcome->inserted + outcome->corrected > 0) {
      const std::string& name = batch[i].symbol.text();
      std::string& names = changed[domain::slot_of(name) % kHeadParts];
      names += ara::format("{}\"{}\"", names.empty() ? "{" : ",", name);
    }
  }
  for (const auto& [part, names] : changed) {
    auto counted = connection.ask(
        "WITH counted AS (UPDATE heads SET version = version + 1 WHERE part = $1 RETURNING "
        "version) "
        "UPDATE symbols SET changed = counted.version FROM counted WHERE symbol = ANY ($2::text[])",
        part, std::string_view(names + "}"));
    if (!counted) return std::unexpected(counted.error());
  }
  return outcomes;
}

Result<std::vector<PutOutcome>> PostgresStore::put_all_bars(std::span<const SymbolBars> batch,
                                                            const Call& call) {
  if (auto checked = check_batch(batch); !checked) return std::unexpected(checked.error());
  return write(
      DbOperation::bars_write, call,
      [&](PgConnection& connection) { return write_bars(connection, batch); },
      slots_of_batch(batch));
}

Result<domain::Series> PostgresStore::last_bars(const domain::Symbol& symbol, std::size_t count,
                                                const Call& call) {
  const auto most = static_cast<std::int64_t>(std::min<std::size_t>(count, 1'000'000'000));
  return read(
      DbOperation::bars_read, call, [&](PgConnection& connection) -> Result<domain::Series> {
        const auto rows = connection.ask(
            "SELECT s.*, b.*, " ARA_PG_POSITION " FROM " ARA_PG_OWNED(
                "$2") " LEFT JOIN (SELECT " ARA_PG_HEAD
                      " FROM symbols WHERE symbol = $1) s ON true LEFT JOIN LATERAL ("
                      "SELECT time, open, high, low, close, adjusted_close, volume FROM bars "
                      "WHERE slot = $2 AND symbol_id = s.id ORDER BY time DESC LIMIT $3) b ON "
                      "true ORDER BY b.time",
            symbol.text(), domain::slot_of(symbol.text()), most);
        if (!rows) return std::unexpected(rows.error());
        if (!rows->empty()) know(static_cast<std::uint64_t>(rows->integer(0, kPgHeadColumns + 7)));
        return pg_series_of(*rows, symbol);
      });
}

Result<domain::Series> PostgresStore::bars(const domain::Symbol& symbol, const BarRange& range,
                                           const Call& call) {
  const auto most = static_cast<std::int64_t>(std::min<std::size_t>(range.limit, 1'000'000'000));
  return read(
      DbOperation::bars_read, call, [&](PgConnection& connection) -> Result<domain::Series> {
        const auto rows = connection.ask(
            "SELECT s.*, b.*, " ARA_PG_POSITION " FROM " ARA_PG_OWNED(
                "$2") " LEFT JOIN (SELECT " ARA_PG_HEAD
                      " FROM symbols WHERE symbol = $1) s ON true LEFT JOIN LATERAL ("
                      "SELECT time, open, high, low, close, adjusted_close, volume FROM bars "
                      "WHERE slot = $2 AND symbol_id = s.id AND time BETWEEN $3 AND $4 "
                      "ORDER BY time LIMIT $5) b ON true ORDER BY b.time",
            symbol.text(), domain::slot_of(symbol.text()),
            range.from ? seconds(*range.from) : std::numeric_limits<std::int64_t>::min(),
            range.to ? seconds(*range.to) : std::numeric_limits<std::int64_t>::max(), most);
        if (!rows) return std::unexpected(rows.error());
        if (!rows->empty()) know(static_cast<std::uint64_t>(rows->integer(0, kPgHeadColumns + 7)));
        return pg_series_of(*rows, symbol);
      });
}

}  // namespace ara::storage
