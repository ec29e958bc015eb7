#pragma once

#include <array>
#include <string_view>

#include "domain/date.h"
#include "models/trees.h"

namespace ara::models {

/// The levels of the quantiles that are the outputs of the trees of "gbm". Of standardised changes:
/// (value h sessions later - value) / (exp(TreeState::log_variance() / 2) sqrt(h)).
inline constexpr std::array<double, 7> kTreeLevels{0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975};

/// The note by which trees name the version of what they are trained on, and that version: it
/// changes whenever TreeState gives other inputs or targets are standardised otherwise.
inline constexpr std::string_view kGbmNote = "ara_gbm";
inline constexpr std::string_view kGbmVersion = "1";

/// The note that holds the date of the newest bar that they may have learned from, e.g.
/// "2020-11-30", and what it says. Code::corrupt where it is no date or not there.
inline constexpr std::string_view kUntilNote = "ara_until";
Result<domain::Date> trained_until(const Trees& trees);

/// Whether "gbm" can use these trees. Code::invalid on field "trees" says why not.
Result<void> check_gbm(const Trees& trees);

}  // namespace ara::models
