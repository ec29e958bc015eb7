// Copies the rows of slots from one shard to another, and checks each.
#include "storage/shard_copy.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/format.h"
#include "storage/postgres_bars.h"
#include "storage/postgres_forecasts.h"
#include "storage/postgres_settlements.h"
#include "storage/times.h"

namespace ara::storage {
namespace {

/// Forecasts held in memory at once.
constexpr std::size_t kForecastsAtOnce = 500;

/// A symbol with all its bars, read by one statement.
struct WholeSymbol {
  PgHead head;
  std::vector<domain::Bar> bars;
};

Result<std::map<std::string, PgHead>> heads_in(PgConnection& connection, SlotRange slots) {
  const auto rows = connection.ask(
      "SELECT " ARA_PG_HEAD " FROM symbols WHERE slot BETWEEN $1 AND $2", slots.first, slots.last);
  if (!rows) return std::unexpected(rows.error());
  std::map<std::string, PgHead> heads;
  for (int row = 0; row < rows->size(); ++row) {
    auto head = pg_head_of(*rows, row);
    if (!head) return std::unexpected(head.error());
    std::string name = head->row.symbol.text();
    heads.emplace(std::move(name), std::move(*head));
  }
  return heads;
}

bool same_head(const SymbolRow& a, const SymbolRow& b) {
  return a.asset_type == b.asset_type && a.interval == b.interval && a.revision == b.revision &&
         a.bars == b.bars && a.first == b.first && a.last == b.last;
}

/// Code::corrupt unless the bars are what the head says of them.
Result<WholeSymbol> read_whole(PgConnection& connection, const std::string& symbol) {
  connection.start(Call{});
  const auto rows = connection.ask(
      "SELECT s.*, b.time, b.open, b.high, b.low, b.close, b.adjusted_close, b.volume "
      "FROM (SELECT " ARA_PG_HEAD
      ", slot FROM symbols WHERE symbol = $1) s JOIN bars b "
      "ON b.slot = s.slot AND b.symbol_id = s.id ORDER BY b.time",
      std::string_view(symbol));
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return fail(Code::corrupt, symbol + " has a head and no bars");
  auto head = pg_head_of(*rows, 0);
  if (!head) return std::unexpected(head.error());
  WholeSymbol whole{std::move(*head), {}};
  std::uint64_t content = 0;
  for (int row = 0; row < rows->size(); ++row) {
    whole.bars.push_back(pg_bar_of(*rows, row, kPgHeadColumns + 1));
    content += domain::content_of(whole.bars.back());
  }
  const SymbolRow& said = whole.head.row;
  if (said.bars != whole.bars.size() || said.revision.content != content ||
      said.first != whole.bars.front().time || said.last != whole.bars.back().time) {
    return fail(Code::corrupt, ara::format("the bars of {} are not those that its head tells of: "
                                           "{} bars, not {}, or others",
                                           symbol, whole.bars.size(), said.bars));
  }
  return whole;
}

Result<void> delete_symbol(PgConnection& connection, const PgHead& head) {
  return only_done(connection.ask("DELETE FROM bars WHERE slot = $1 AND symbol_id = $2",
                                  domain::slot_of(head.row.symbol.text()), head.id))
      .and_then(
          [&] { return only_done(connection.ask("DELETE FROM symbols WHERE id = $1", head.id)); });
}

Result<void> insert_symbol(PgConnection& connection, const WholeSymbol& whole) {
  const SymbolRow& row = whole.head.row;
  const int slot = domain::slot_of(row.symbol.text());
  const auto made = connection.ask(
      // Who reads heads reads all of them when the slots have come here: this is no change to tell.
      "INSERT INTO symbols (symbol, slot, asset_type, bar_interval, revision, content, bars, "
      "first, last, changed) VALUES ($1, $2, $3, 'day', $4, $5, $6, $7, $8, 0) RETURNING id",
      row.symbol.text(), slot, domain::describe(row.asset_type).name, row.revision.counter,
      row.revision.content, row.bars, seconds(row.first), seconds(row.last));
  if (!made) return std::unexpected(made.error());
  return copy_bars(connection, slot, made->integer(0, 0), whole.bars);
}

/// Copies one symbol and compares what arrived with what was sent, bar by bar.
Result<void> copy_symbol(PgConnection& source, PgConnection& target, const std::string& symbol) {
  const auto sent = read_whole(source, symbol);
  if (!sent) return std::unexpected(sent.error());
  target.start(Call{});
  if (auto made = insert_symbol(target, *sent); !made) return made;
  const auto arrived = read_whole(target, symbol);
  if (!arrived) return std::unexpected(arrived.error());
  if (!same_head(sent->head.row, arrived->head.row) ||
      !std::ranges::equal(sent->bars, arrived->bars, domain::same_bar)) {
    return fail(Code::corrupt, "what arrived of " + symbol + " is not what was sent");
  }
  return {};
}

struct IdRange {
  std::string first;
  std::string end;  ///< not included; longer than any id where there is no end
};
IdRange ids_of(SlotRange slots) {
  const auto bytes = [](int slot) {
    return to_bytes(Hash128{static_cast<std::uint64_t>(slot) << 50, 0});
  };
  if (slots.last + 1 == domain::kSlots) return {bytes(slots.first), std::string(17, '\xff')};
  return {bytes(slots.first), bytes(slots.last + 1)};
}

Result<std::set<std::string>> forecasts_in(PgConnection& connection, const IdRange& ids) {
  connection.start(Call{});
  const auto rows = connection.ask("SELECT id FROM forecasts WHERE id >= $1 AND id < $2",
                                   PgBytes{ids.first}, PgBytes{ids.end});
  if (!rows) return std::unexpected(rows.error());
  std::set<std::string> found;
  for (int row = 0; row < rows->size(); ++row) found.emplace(rows->text(row, 0));
  return found;
}

Result<std::uint64_t> copy_forecasts(PgConnection& source, PgConnection& target,
                                     const IdRange& ids) {
  const auto there = forecasts_in(source, ids);
  if (!there) return std::unexpected(there.error());
  const auto here = forecasts_in(target, ids);
  if (!here) return std::unexpected(here.error());
  std::vector<ForecastRow> rows;
  const auto write = [&]() -> Result<void> {
    target.start(Call{});
    auto done = write_forecasts(target, rows);
    rows.clear();
    return done;
  };
  for (const std::string& id : *there) {
    if (here->contains(id)) continue;
    source.start(Call{});
    const auto row =
        source.ask("SELECT " ARA_PG_FORECAST " FROM forecasts WHERE id = $1", PgBytes{id});
    if (!row) return std::unexpected(row.error());
    if (row->empty()) continue;  // pruned meanwhile
    auto forecast = pg_forecast_of(*row, 0);
    if (!forecast) return std::unexpected(forecast.error());
    rows.push_back(std::move(*forecast));
    if (rows.size() < kForecastsAtOnce) continue;
    if (auto done = write(); !done) return std::unexpected(done.error());
  }
  if (auto done = write(); !done) return std::unexpected(done.error());
  return there->size();
}

}  // namespace

Result<RowCounts> copy_difference(PgConnection& source, PgConnection& target, SlotRange slots) {
  target.start(Call{});
  source.start(Call{});
  const auto locked = target.ask(
      "SELECT count(*) FROM (SELECT 1 FROM owned_slots WHERE slot BETWEEN $1 AND $2 "
      "AND state = 'incoming' ORDER BY slot FOR UPDATE) locked",
      slots.first, slots.last);
  if (!locked) return std::unexpected(locked.error());
  if (locked->integer(0, 0) != slots.size()) return std::unexpected(moved());
  const auto there = heads_in(source, slots);
  if (!there) return std::unexpected(there.error());
  const auto here = heads_in(target, slots);
  if (!here) return std::unexpected(here.error());
  for (const auto& [symbol, head] : *here) {
    const auto sent = there->find(symbol);
    if (sent != there->end() && same_head(sent->second.row, head.row)) continue;
    if (auto done = delete_symbol(target, head); !done) return std::unexpected(done.error());
  }
  RowCounts counts{.symbols = there->size()};
  for (const auto& [symbol, head] : *there) {
    counts.bars += head.row.bars;
    const auto arrived = here->find(symbol);
    if (arrived != here->end() && same_head(arrived->second.row, head.row)) continue;
    if (auto done = copy_symbol(source, target, symbol); !done) {
      return std::unexpected(done.error());
    }
  }
  const auto forecasts = copy_forecasts(source, target, ids_of(slots));
  if (!forecasts) return std::unexpected(forecasts.error());
  counts.forecasts = *forecasts;
  const auto settlements = copy_settlements(source, target, slots);
  if (!settlements) return std::unexpected(settlements.error());
  return counts;
}

Result<void> delete_gone(PgConnection& connection, SlotRange slots) {
  connection.start(Call{});
  const auto gone = connection.ask(
      "SELECT coalesce(min(slot), 0), coalesce(max(slot), -1), count(*) FROM (SELECT slot "
      "FROM owned_slots WHERE slot BETWEEN $1 AND $2 AND state = 'gone' ORDER BY slot FOR UPDATE) "
      "locked",
      slots.first, slots.last);
  if (!gone) return std::unexpected(gone.error());
  if (gone->integer(0, 2) == 0) return {};
  if (gone->integer(0, 2) != slots.size()) {
    return fail(Code::internal, "slots that came together do not leave together");
  }
  const IdRange ids = ids_of(slots);
  return only_done(connection.ask("DELETE FROM forecasts WHERE id >= $1 AND id < $2",
                                  PgBytes{ids.first}, PgBytes{ids.end}))
      .and_then([&] {
        return only_done(connection.ask("DELETE FROM settlements WHERE slot BETWEEN $1 AND $2",
                                        slots.first, slots.last));
      })
      .and_then([&] {
        return only_done(connection.ask("DELETE FROM bars WHERE slot BETWEEN $1 AND $2",
                                        slots.first, slots.last));
      })
      .and_then([&] {
        return only_done(connection.ask("DELETE FROM symbols WHERE slot BETWEEN $1 AND $2",
                                        slots.first, slots.last));
      })
      .and_then([&] {
        return only_done(connection.ask("DELETE FROM owned_slots WHERE slot BETWEEN $1 AND $2",
                                        slots.first, slots.last));
      });
}

}  // namespace ara::storage
