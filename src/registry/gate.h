#pragma once

#include <span>
#include <vector>

#include "evaluation/summary.h"
#include "registry/version.h"

/// The gate that keeps broken models out. Pure: it judges what a walk-forward evaluation recorded.
namespace ara::registry {

/// What the walk of one model over one symbol says of the shape of its forecasts. By origin, means
/// over the horizons.
struct Shape {
  std::vector<double> below;      ///< part of the outcomes below the median; half of those at it
  std::vector<double> log_width;  ///< log of the 90 % interval's width over the historical one's
  std::vector<double> right;      ///< directions called rightly, less those called wrongly
  std::vector<double> moved;      ///< 1 if any quantile moved since the origin before, else 0
  std::size_t not_finite = 0;     ///< steps with a quantile that is no finite number
};

/// One symbol's part in the evidence; `scores.models` holds the candidate alone.
struct Evidence {
  evaluation::SymbolScores scores;
  Shape shape;
};

/// How sure the gate must be before it refuses: standard errors beyond a limit, one-sided 1 %. All
/// standard errors are of means over dates (the symbols of a date count as one observation, since
/// they move together), with the Newey-West correction for overlapping horizons.
inline constexpr double kSure = 2.326;

/// What may be off before noise is even asked about, as a share of the standard deviation of one
/// yes-or-no outcome: the coverage of a nominal p may miss by kSlack sqrt(p (1 - p)), that is
/// 7, 5.6, 4.2 and 3.1 points at 50, 80, 90 and 95 %: as much as 50 independent outcomes leave in
/// doubt, so less than a person using the forecasts for ten weeks could notice.
inline constexpr double kSlack = 0.14;

/// The least dates of origins that can be judged: half a year of sessions, so that the standard
/// error of a coverage of 90 % is below 3 points for independent dates.
inline constexpr std::size_t kLeastDates = 120;

/// A forecast that a refit changes must change at half of the refits at least; most models change
/// with every bar.
inline constexpr double kLeastMoved = 0.5 / static_cast<double>(evaluation::kRefit);

/// Intervals are on the geometric mean at most twice as wide as the same symbol's changes of the
/// last 250 bars were, and never 15 times: the exponentially weighted volatility (0.94 a day) of
/// 134 shares, coins and currencies from 1999 to 2021 never was more than 3.9 times that of the 250
/// sessions before, which was the franc's on the day its floor fell.
inline constexpr double kMostWidth = 2;
inline constexpr double kMostWidest = 15;

/// Of the outcomes, half lie below the median; a trend that the median does not know may move that
/// by so much.
inline constexpr double kMostOneSided = 0.1;

/// The checks, in the order in which a reason is looked for: enough evidence, finite, moves with
/// the data, not too wide, not on one side, directions not the wrong way round, coverage at 50, 80,
/// 90 and 95 %, CRPS not worse than the historical distribution's nor the drift's. `evidence` is
/// not empty; `horizon` is that of the walk.
std::vector<Check> judge(std::span<const Evidence> evidence, int horizon);

/// The scores that a version records.
Scores scores_of(std::span<const Evidence> evidence, int horizon);

/// The first check that did not pass, or null.
const Check* first_failed(std::span<const Check> checks);

}  // namespace ara::registry
