#pragma once

#include <span>
#include <string>
#include <vector>

#include "evaluation/wide_table.h"
#include "models/model.h"

/// A competition's view of a model: one forecast of each series from the end of its training part.
namespace ara::evaluation {

struct SeriesTask {
  std::string id;
  std::vector<double> train;
  std::vector<double> test;
};

/// The series of `test`, in its order, with their training parts; series that only `train` has are
/// left out. Code::invalid on field "test" for an id that `train` lacks or a row with another
/// number of values than the first; on field "train" for a part not longer than `season`.
Result<std::vector<SeriesTask>> pair_series(std::span<const WideRow> train,
                                            std::span<const WideRow> test, int season);

/// Scores of one series, or their means over several.
struct SeriesScores {
  double smape = 0;  ///< percent
  double mase = 0;
  double msis = 0;         ///< at 95 %
  double coverage_80 = 0;  ///< part of the steps within the central 80 % interval
  double coverage_95 = 0;
  bool scaled = true;  ///< false where the training part gives no scale: MASE and MSIS mean nothing
};

/// Fits the model on the training part (Scale::level, one bar a value) and scores its median and
/// its central intervals. The error names the series.
Result<SeriesScores> score_series(const models::ModelRow& row, const SeriesTask& task,
                                  const models::Setting& setting);

/// The same for a point forecast as long as the test part; it has no intervals, so the last three
/// scores are 0.
SeriesScores score_points(const SeriesTask& task, std::span<const double> forecast, int season);

/// The means; of MASE and MSIS over the series with a scale.
SeriesScores mean_of(std::span<const SeriesScores> scores);

/// Overall weighted average: the mean of sMAPE and MASE relative to Naive2's, each a mean over all
/// series (Makridakis et al. 2020, section 2.3); infinite where a score of Naive2 is 0.
double owa(const SeriesScores& scores, const SeriesScores& naive2);

/// Absolute coverage difference of the 95 % interval, as the competition printed it.
double absolute_coverage_difference(const SeriesScores& scores);

}  // namespace ara::evaluation
