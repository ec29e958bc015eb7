#pragma once

#include <optional>
#include <span>

#include "domain/series.h"
#include "storage/settlements.h"

namespace ara::live {

/// Bars before the forecast that the random walk's variance is measured on.
inline constexpr std::size_t kWalkBars = 250;

/// What came of an expectation, by the bars of its symbol (ascending; of the last kWalkBars before
/// it and all since): the error of the median, the central intervals it lies in, the CRPS (both as
/// in docs/EVALUATION.md) and that of a random walk fitted on the bars before. Nothing where there
/// is no bar of the day or of the one it was made from, or a close has no value on its scale.
std::optional<storage::Outcome> judge(const storage::ExpectationRow& row,
                                      std::span<const domain::Bar> bars);

}  // namespace ara::live
