#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "storage/rows.h"

/// What every store looks at before it writes bars.
namespace ara::storage {

/// Code::invalid unless each symbol comes once and has bars, which ascend strictly by time and have
/// finite closes.
Result<void> check_batch(std::span<const SymbolBars> batch);

/// Code::conflict where a symbol is stored with another asset type than `said`.
Result<void> check_asset_type(const SymbolRow& stored, domain::AssetType said);

/// What a write of bars would change.
struct BarDifference {
  std::vector<domain::Bar> added;
  std::vector<domain::Bar> corrected;
  std::uint64_t unchanged = 0;
  std::uint64_t content = 0;  ///< to be added to Revision::content
};

/// Walks bars to be written and the stored ones of the same span of time side by side.
class BarComparison {
 public:
  explicit BarComparison(std::span<const domain::Bar> bars) : next_(bars) {}
  /// The stored bars, one by one, ascending by time.
  void next(const domain::Bar& stored);
  BarDifference finish();

 private:
  void add();

  std::span<const domain::Bar> next_;
  BarDifference difference_;
};

}  // namespace ara::storage
