#include "evaluation/series.h"

#include <cmath>
#include <unordered_map>

#include "base/format.h"
#include "evaluation/point_scores.h"

namespace ara::evaluation {
namespace {

/// One bar a value, on consecutive days.
std::vector<domain::Bar> bars_of(std::span<const double> values) {
  std::vector<domain::Bar> bars;
  bars.reserve(values.size());
  for (double value : values) {
    const domain::Date day{domain::Date::duration{static_cast<int>(bars.size())}};
    bars.push_back({.time = day, .close = value});
  }
  return bars;
}

/// Level p of each step's distribution, as a value of the series.
std::vector<double> quantiles(const models::Path& path, double last, double p) {
  std::vector<double> values;
  values.reserve(path.change.size());
  for (const auto& change : path.change) values.push_back(last + change.at(p));
  return values;
}

}  // namespace

Result<std::vector<SeriesTask>> pair_series(std::span<const WideRow> train,
                                            std::span<const WideRow> test, int season) {
  std::unordered_map<std::string_view, const WideRow*> by_id;
  for (const WideRow& row : train) by_id.emplace(row.id, &row);
  std::vector<SeriesTask> tasks;
  for (const WideRow& row : test) {
    const auto found = by_id.find(row.id);
    if (found == by_id.end()) return invalid("test", row.id, "ids that the training file has");
    if (row.values.size() != test.front().values.size()) {
      return invalid(
          "test", ara::format("{} values in series {}", row.values.size(), row.id),
          ara::format("{} values in every series, as the first has", test.front().values.size()));
    }
    const auto& values = found->second->values;
    if (values.size() <= static_cast<std::size_t>(season)) {
      return invalid("train", ara::format("{} values in series {}", values.size(), row.id),
                     ara::format("more values than the season of {} has", season));
    }
    tasks.push_back({row.id, values, row.values});
  }
  return tasks;
}

Result<SeriesScores> score_series(const models::ModelRow& row, const SeriesTask& task,
                                  const models::Setting& setting) {
  models::Setting own = setting;
  own.scale = domain::Scale::level;
  auto model = models::fit(row, bars_of(task.train), own);
  if (!model) {
    Error error = model.error();
    error.message = ara::format("Series {}: {}", printable(task.id), error.message);
    return std::unexpected(std::move(error));
  }
  const models::Path path = (*model)->forecast(static_cast<int>(task.test.size()));
  const double last = task.train.back();
  SeriesScores scores = score_points(task, quantiles(path, last, 0.5), setting.season);
  const auto lower = quantiles(path, last, 0.025);
  const auto upper = quantiles(path, last, 0.975);
  if (scores.scaled) {
    scores.msis =
        interval_score(task.test, lower, upper, 0.05) / naive_scale(task.train, setting.season);
  }
  scores.coverage_95 = coverage(task.test, lower, upper);
  scores.coverage_80 = coverage(task.test, quantiles(path, last, 0.1), quantiles(path, last, 0.9));
  return scores;
}

SeriesScores score_points(const SeriesTask& task, std::span<const double> forecast, int season) {
  const double scale = naive_scale(task.train, season);
  SeriesScores scores{.smape = smape(task.test, forecast), .scaled = scale > 0};
  if (scores.scaled) scores.mase = mean_absolute_error(task.test, forecast) / scale;
  return scores;
}

SeriesScores mean_of(std::span<const SeriesScores> scores) {
  SeriesScores mean;
  double scaled = 0;
  for (const SeriesScores& one : scores) {
    scaled += one.scaled;
    mean.smape += one.smape;
    mean.coverage_80 += one.coverage_80;
    mean.coverage_95 += one.coverage_95;
    if (!one.scaled) continue;
    mean.mase += one.mase;
    mean.msis += one.msis;
  }
  const auto count = static_cast<double>(scores.size());
  mean.smape /= count;
  mean.coverage_80 /= count;
  mean.coverage_95 /= count;
  mean.scaled = scaled > 0;
  if (mean.scaled) {
    mean.mase /= scaled;
    mean.msis /= scaled;
  }
  return mean;
}

double owa(const SeriesScores& scores, const SeriesScores& naive2) {
  return (scores.smape / naive2.smape + scores.mase / naive2.mase) / 2;
}

double absolute_coverage_difference(const SeriesScores& scores) {
  return std::abs(scores.coverage_95 - 0.95);
}

}  // namespace ara::evaluation
