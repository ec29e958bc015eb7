// The heads of PostgresStore, all of them and those that have changed.
#include <algorithm>

#include "base/format.h"
#include "base/text.h"
#include "storage/moved.h"
#include "storage/postgres_bars.h"

namespace ara::storage {
namespace {

/// Numbers as the text of an array.
class ArrayText {
 public:
  void add(std::int64_t number) { text_ += ara::format("{}{}", text_.empty() ? "{" : ",", number); }
  std::string text() const { return text_.empty() ? "{}" : text_ + "}"; }

 private:
  std::string text_;
};

/// Ranges of slots as two arrays.
struct WantedSlots {
  explicit WantedSlots(std::span<const SlotRange> slots) {
    for (const SlotRange& one : slots) {
      firsts.add(one.first);
      lasts.add(one.last);
      count += one.size();
    }
  }
  ArrayText firsts;
  ArrayText lasts;
  std::int64_t count = 0;
};

// Each is one statement, and so one snapshot, of what is here and of whether that is all. $1 and $2
// are the wanted slots, $3 and $4 parts of heads and the versions up to which they are known.
#define ARA_PG_WANTED                                                              \
  "WITH wanted AS MATERIALIZED (SELECT * FROM unnest($1::bigint[], $2::bigint[]) " \
  "AS range (a, z))"
#define ARA_PG_ALL_HERE                                                              \
  "SELECT s.*, held.n FROM (SELECT count(*) AS n FROM owned_slots o JOIN wanted ON " \
  "o.slot BETWEEN a AND z WHERE o.state = 'owned') held LEFT JOIN"

constexpr std::string_view kAllHeads = ARA_PG_WANTED " " ARA_PG_ALL_HERE " (SELECT " ARA_PG_HEAD
                                                     " FROM symbols JOIN wanted ON slot BETWEEN a "
                                                     "AND z) s ON true ORDER BY s.symbol";
constexpr std::string_view kChangedHeads = ARA_PG_WANTED
    ", stale AS MATERIALIZED (SELECT * FROM unnest($3::bigint[], $4::bigint[]) AS stale (part, "
    "known)) " ARA_PG_ALL_HERE " (SELECT " ARA_PG_HEAD
    " FROM stale JOIN symbols ON slot % 64 = part AND changed > known JOIN wanted ON slot BETWEEN "
    "a AND z) s ON true ORDER BY s.symbol";

Result<std::vector<SymbolRow>> rows_of(const Result<PgRows>& rows, std::int64_t wanted) {
  if (!rows) return std::unexpected(rows.error());
  if (rows->integer(0, kPgHeadColumns) != wanted) return std::unexpected(moved());
  std::vector<SymbolRow> found;
  if (rows->null(0, 0)) return found;
  found.reserve(static_cast<std::size_t>(rows->size()));
  for (int row = 0; row < rows->size(); ++row) {
    auto head = pg_head_of(*rows, row);
    if (!head) return std::unexpected(head.error());
    found.push_back(std::move(head->row));
  }
  return found;
}

Result<std::vector<SymbolRow>> all_heads(PgConnection& connection, const WantedSlots& wanted) {
  const std::string firsts = wanted.firsts.text();
  const std::string lasts = wanted.lasts.text();
  return rows_of(connection.ask(kAllHeads, std::string_view(firsts), std::string_view(lasts)),
                 wanted.count);
}

/// The versions of the parts, in their order.
Result<HeadsMark> versions_in(std::string_view array) {
  HeadsMark versions;
  array = array.substr(1, array.size() - 2);
  while (!array.empty()) {
    const std::size_t comma = std::min(array.find(','), array.size());
    const auto number = parse_integer(array.substr(0, comma));
    if (!number) break;
    versions.push_back(static_cast<std::uint64_t>(*number));
    array.remove_prefix(std::min(comma + 1, array.size()));
  }
  if (versions.size() == kHeadParts + 1) return versions;
  return fail(Code::corrupt, "the database has lost rows of heads");
}

/// Whether what has changed since `mark` can be told: not where the database was set back, or where
/// slots have come or gone.
bool goes_on(const HeadsMark& mark, const HeadsMark& now) {
  if (mark.size() != now.size() || mark.back() != now.back()) return false;
  return std::ranges::equal(mark, now, std::ranges::less_equal{});
}

}  // namespace

Result<std::vector<SymbolRow>> PostgresStore::symbols(const Call& call) {
  return symbols_in({&kAllSlots, 1}, call);
}

Result<std::vector<SymbolRow>> PostgresStore::symbols_in(std::span<const SlotRange> slots,
                                                         const Call& call) {
  if (slots.empty()) return std::vector<SymbolRow>();
  const WantedSlots wanted(slots);
  return read(DbOperation::heads, call,
              [&](PgConnection& connection) { return all_heads(connection, wanted); });
}

Result<HeadChanges> PostgresStore::changed_in(std::span<const SlotRange> slots,
                                              const HeadsMark& mark, const Call& call) {
  const WantedSlots wanted(slots);
  return read(DbOperation::heads, call, [&](PgConnection& connection) -> Result<HeadChanges> {
    const auto row = connection.ask(
        "SELECT array_agg(version ORDER BY part)::text, " ARA_PG_POSITION " FROM heads");
    if (!row) return std::unexpected(row.error());
    know(static_cast<std::uint64_t>(row->integer(0, 1)));
    auto now = versions_in(row->text(0, 0));
    if (!now) return std::unexpected(now.error());
    // Read before the rows: what changes between the two is told now and once more.
    HeadChanges changes{.all = !goes_on(mark, *now), .rows = {}, .mark = std::move(*now)};
    if (slots.empty() || changes.mark == mark) return changes;
    if (changes.all) {
      auto rows = all_heads(connection, wanted);
      if (!rows) return std::unexpected(rows.error());
      changes.rows = std::move(*rows);
      return changes;
    }
    ArrayText parts;
    ArrayText known;
    for (std::size_t part = 0; part < mark.size(); ++part) {
      if (mark[part] == changes.mark[part]) continue;
      parts.add(static_cast<std::int64_t>(part));
      known.add(static_cast<std::int64_t>(mark[part]));
    }
    const std::string texts[] = {wanted.firsts.text(), wanted.lasts.text(), parts.text(),
                                 known.text()};
    auto rows = rows_of(
        connection.ask(kChangedHeads, std::string_view(texts[0]), std::string_view(texts[1]),
                       std::string_view(texts[2]), std::string_view(texts[3])),
        wanted.count);
    if (!rows) return std::unexpected(rows.error());
    changes.rows = std::move(*rows);
    return changes;
  });
}

}  // namespace ara::storage
