#include "live/judge.h"

#include <algorithm>
#include <cmath>

#include "domain/date.h"
#include "evaluation/distribution.h"
#include "models/model.h"

namespace ara::live {
namespace {

const domain::Bar* bar_of(std::span<const domain::Bar> bars, domain::Date date) {
  const auto found = std::ranges::lower_bound(
      bars, date, {}, [](const domain::Bar& bar) { return domain::date_of(bar.time); });
  if (found == bars.end() || domain::date_of(found->time) != date) return nullptr;
  return &*found;
}

/// The distribution of the change over `day` sessions, of a random walk through `bars`.
std::optional<domain::QuantileFunction> walk(std::span<const domain::Bar> bars, domain::Scale scale,
                                             int day) {
  const auto model =
      models::fit(**models::find_model("naive"), bars, {.scale = scale, .longest = day});
  if (!model) return std::nullopt;
  return (*model)->forecast(day).change.back();
}

unsigned inside(const evaluation::Quantiles& forecast, double change) {
  unsigned bits = 0;
  for (std::size_t i = 0; i < evaluation::kCoverages.size(); ++i) {
    if (forecast.low[i] <= change && change <= forecast.high[i]) bits |= 1U << i;
  }
  return bits;
}

}  // namespace

std::optional<storage::Outcome> judge(const storage::ExpectationRow& row,
                                      std::span<const domain::Bar> bars) {
  const domain::Bar* const from = bar_of(bars, row.key.as_of);
  const domain::Bar* const to = bar_of(bars, row.due);
  if (from == nullptr || to == nullptr) return std::nullopt;
  const double change = models::value_of(*to, row.scale) - models::value_of(*from, row.scale);
  const auto seen = static_cast<std::size_t>(from - bars.data()) + 1;
  const std::size_t used = std::min(seen, kWalkBars + 1);
  const auto reference = walk(bars.subspan(seen - used, used), row.scale, row.key.day);
  if (!std::isfinite(change) || !reference) return std::nullopt;
  const auto forecast = evaluation::quantiles_of(row.change);
  const double error = row.scale == domain::Scale::log
                           ? std::expm1(change - forecast.median())
                           : (row.price + change) / (row.price + forecast.median()) - 1;
  if (!std::isfinite(error)) return std::nullopt;
  return storage::Outcome{
      .change = change,
      .error = error,
      .inside = inside(forecast, change),
      .crps = evaluation::crps(forecast, change),
      .walk_crps = evaluation::crps(evaluation::quantiles_of(*reference), change)};
}

}  // namespace ara::live
