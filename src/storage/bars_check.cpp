#include "storage/bars_check.h"

#include <cmath>
#include <set>

#include "base/format.h"

namespace ara::storage {
namespace {

Result<void> check_bars(std::span<const domain::Bar> bars) {
  if (bars.empty()) return invalid("bars", "", "at least one bar");
  for (std::size_t i = 0; i < bars.size(); ++i) {
    const auto when = [&] { return ara::format("{:%FT%TZ}", bars[i].time); };
    if (!std::isfinite(bars[i].close)) {
      return invalid("bars", ara::format("close {} at {}", bars[i].close, when()),
                     "a finite close in every bar");
    }
    if (i > 0 && bars[i].time <= bars[i - 1].time) {
      return invalid(
          "bars", when(),
          ara::format("times that ascend; the bar before is of {:%FT%TZ}", bars[i - 1].time));
    }
  }
  return {};
}

}  // namespace

Result<void> check_batch(std::span<const SymbolBars> batch) {
  std::set<domain::Symbol> seen;
  for (const SymbolBars& part : batch) {
    if (!seen.insert(part.symbol).second) {
      return invalid("bars", part.symbol.text(), "each symbol once in a batch");
    }
    if (auto checked = check_bars(part.bars); !checked) return checked;
  }
  return {};
}

Result<void> check_asset_type(const SymbolRow& stored, domain::AssetType said) {
  if (stored.asset_type == said) return {};
  return fail(Code::conflict,
              ara::format("{} is stored as {}, these bars are said to be {}", stored.symbol.text(),
                          describe(stored.asset_type).name, describe(said).name));
}

void BarComparison::add() {
  difference_.added.push_back(next_.front());
  difference_.content += domain::content_of(next_.front());
  next_ = next_.subspan(1);
}

void BarComparison::next(const domain::Bar& stored) {
  while (!next_.empty() && next_.front().time < stored.time) add();
  if (next_.empty() || next_.front().time != stored.time) return;
  if (domain::same_bar(next_.front(), stored)) {
    ++difference_.unchanged;
  } else {
    difference_.corrected.push_back(next_.front());
    difference_.content += domain::content_of(next_.front()) - domain::content_of(stored);
  }
  next_ = next_.subspan(1);
}

BarDifference BarComparison::finish() {
  while (!next_.empty()) add();
  return std::move(difference_);
}

}  // namespace ara::storage
