#include "cli/yearly_trees.h"

#include <chrono>

namespace ara::cli {

YearlyTrees::YearlyTrees(std::span<const evaluation::Symbol> symbols) {
  for (const auto& symbol : symbols) {
    types_[symbol.asset_type].series.push_back({symbol.bars, symbol.market});
  }
}

std::shared_ptr<const models::Trees> YearlyTrees::at(domain::AssetType asset_type,
                                                     domain::Time time) {
  const std::chrono::year_month_day day{domain::date_of(time)};
  const std::lock_guard lock(mutex_);
  OfType& type = types_[asset_type];
  const auto [place, is_new] = type.by_year.try_emplace(static_cast<int>(day.year()));
  if (!is_new) return place->second;
  training::Options options;
  options.until = domain::Date{day.year() / 1 / 1} - std::chrono::days{1};
  if (const auto bytes = training::train(type.series, options)) {
    if (auto trees = models::Trees::parse(*bytes)) {
      place->second = std::make_shared<const models::Trees>(std::move(*trees));
    }
  }
  return place->second;
}

}  // namespace ara::cli
