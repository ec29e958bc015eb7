#include "ingest/finding.h"

#include <algorithm>

namespace ara::ingest {
namespace {

constexpr std::array kTable{
    KindRow{Kind::malformed, Severity::error, "malformed"},
    KindRow{Kind::bad_date, Severity::error, "bad_date"},
    KindRow{Kind::bad_number, Severity::error, "bad_number"},
    KindRow{Kind::bad_symbol, Severity::error, "bad_symbol"},
    KindRow{Kind::missing_close, Severity::error, "missing_close"},
    KindRow{Kind::not_positive, Severity::error, "not_positive"},
    KindRow{Kind::range, Severity::error, "range"},
    KindRow{Kind::negative_volume, Severity::error, "negative_volume"},
    KindRow{Kind::conflicting_duplicate, Severity::error, "conflicting_duplicate"},
    KindRow{Kind::unadjusted_split, Severity::error, "unadjusted_split"},
    KindRow{Kind::jump, Severity::error, "jump"},
    KindRow{Kind::negative_price, Severity::warning, "negative_price"},
    KindRow{Kind::empty, Severity::warning, "empty"},
    KindRow{Kind::incomplete, Severity::warning, "incomplete"},
    KindRow{Kind::duplicate, Severity::warning, "duplicate"},
    KindRow{Kind::gap, Severity::warning, "gap"},
    KindRow{Kind::off_session, Severity::warning, "off_session"},
    KindRow{Kind::stale, Severity::warning, "stale"},
    KindRow{Kind::unsorted, Severity::note, "unsorted"},
};

constexpr bool table_matches_enum() {
  for (std::size_t i = 0; i < kTable.size(); ++i) {
    if (kTable[i].kind != static_cast<Kind>(i)) return false;
  }
  return kTable.back().kind == Kind::unsorted;
}
static_assert(table_matches_enum(), "one row for each kind, in the order of the enum");

}  // namespace

std::span<const KindRow> kinds() {
  return kTable;
}

const KindRow& describe(Kind kind) {
  return kTable[static_cast<std::size_t>(kind)];
}

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::note:
      return "note";
    case Severity::warning:
      return "warning";
    case Severity::error:
      return "error";
  }
  return "error";
}

void Findings::add(Finding finding) {
  const auto kind = static_cast<std::size_t>(finding.kind);
  ++counts_[kind];
  ++severities_[static_cast<std::size_t>(finding.severity)];
  if (listed_[kind] == kListed) return;
  ++listed_[kind];
  last_in_list_[kind] = list_.size();
  list_.push_back(std::move(finding));
}

bool Findings::extend(Kind kind, std::size_t row) {
  const std::size_t last = last_in_list_[static_cast<std::size_t>(kind)];
  if (last == kNone || list_[last].last_row + 1 != row) return false;
  list_[last].last_row = row;
  ++list_[last].count;
  ++counts_[static_cast<std::size_t>(kind)];
  ++severities_[static_cast<std::size_t>(list_[last].severity)];
  return true;
}

void Findings::sort_by_row() {
  std::ranges::stable_sort(list_, {}, &Finding::row);
  last_in_list_.fill(kNone);
}

}  // namespace ara::ingest
