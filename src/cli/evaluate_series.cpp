// ara evaluate series
#include "cli/evaluate_series.h"

#include <array>
#include <memory>

#include "base/clock.h"
#include "base/cpu_time.h"
#include "cli/command.h"
#include "cli/evaluate.h"
#include "cli/evaluate_plot.h"
#include "cli/output.h"
#include "cli/parallel.h"
#include "cli/progress.h"
#include "evaluation/naive.h"
#include "evaluation/series.h"
#include "ingest/source.h"

namespace ara::cli {
namespace {

using evaluation::SeriesScores;
using evaluation::SeriesTask;

constexpr std::string_view kDefaultModel = "series";  ///< made for series, not for bars
constexpr int kLongestSeason = 10'000;

struct SeriesOptions : EvaluateOptions {
  std::string train;
  std::string test;
  std::string season = "1";
};

using Outcome = SeriesReport::Outcome;

double seconds_since(SteadyTime start) {
  return std::chrono::duration<double>(system_clock().steady() - start).count();
}

Result<std::vector<SeriesTask>> read_tasks(const SeriesOptions& options, int season) {
  std::vector<std::vector<evaluation::WideRow>> tables;
  for (const auto& [field, path] :
       {std::pair{"train", &options.train}, std::pair{"test", &options.test}}) {
    const auto text = ingest::read_text(*path);
    if (!text) return std::unexpected(text.error());
    auto rows = evaluation::parse_wide(*text, field);
    if (!rows) return std::unexpected(rows.error());
    tables.push_back(std::move(*rows));
  }
  return evaluation::pair_series(tables[0], tables[1], season);
}

std::vector<Outcome> score_benchmarks(std::span<const SeriesTask> tasks, int season) {
  std::vector<std::vector<SeriesScores>> scores(3);
  for (const SeriesTask& task : tasks) {
    const auto horizon = static_cast<int>(task.test.size());
    const std::array forecasts{evaluation::naive(task.train, horizon),
                               evaluation::seasonal_naive(task.train, season, horizon),
                               evaluation::naive2(task.train, season, horizon)};
    for (std::size_t i = 0; i < forecasts.size(); ++i) {
      scores[i].push_back(evaluation::score_points(task, forecasts[i], season));
    }
  }
  const SeriesScores naive2 = evaluation::mean_of(scores[2]);
  std::vector<Outcome> outcomes;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const SeriesScores mean = evaluation::mean_of(scores[i]);
    constexpr std::array kNames{"naive", "snaive", "naive2"};
    outcomes.push_back({.name = kNames[i], .scores = mean, .owa = evaluation::owa(mean, naive2)});
  }
  return outcomes;
}

Outcome score_model(const models::ModelRow& row, std::span<const SeriesTask> tasks,
                    const models::Setting& setting, std::size_t threads, Progress& progress) {
  const SteadyTime start = system_clock().steady();
  const double cpu = cpu_seconds();
  std::vector<Result<SeriesScores>> scores(tasks.size());
  for_each_index(tasks.size(), threads, [&](std::size_t i) {
    scores[i] = evaluation::score_series(row, tasks[i], setting);
    progress.advance(row.name);
  });
  Outcome outcome{.name = std::string(row.name)};
  std::vector<SeriesScores> good;
  for (const auto& one : scores) {
    if (!one && !outcome.error) outcome.error = one.error();
    if (one) good.push_back(*one);
  }
  if (!outcome.error) outcome.scores = evaluation::mean_of(good);
  outcome.seconds = seconds_since(start);
  outcome.cpu_seconds = cpu_seconds() - cpu;
  return outcome;
}

Result<SeriesReport> evaluate(const SeriesOptions& options) {
  const SteadyTime start = system_clock().steady();
  const registry::Shelf shelf;  // holds users' models, given by their manifests
  const auto rows = parse_models(options.model, kDefaultModel, shelf);
  if (!rows) return std::unexpected(rows.error());
  const auto season = parse_bounded("season", options.season, 1, kLongestSeason);
  if (!season) return std::unexpected(season.error());
  const auto threads = parse_threads(options);
  if (!threads) return std::unexpected(threads.error());
  const auto tasks = read_tasks(options, *season);
  if (!tasks) return std::unexpected(tasks.error());

  SeriesReport report{.series = tasks->size(), .season = *season};
  report.benchmarks = score_benchmarks(*tasks, *season);
  const SeriesScores& naive2 = report.benchmarks.back().scores;
  const models::Setting setting{.scale = domain::Scale::level, .season = *season};
  Progress progress(rows->size() * tasks->size(), "series");
  for (const models::ModelRow* row : *rows) {
    auto outcome = score_model(*row, *tasks, setting, *threads, progress);
    outcome.owa = evaluation::owa(outcome.scores, naive2);
    // One model of many may refuse; the one that was asked for may not.
    if (outcome.error && row == rows->front()) return std::unexpected(*outcome.error);
    report.models.push_back(std::move(outcome));
  }
  report.seconds = seconds_since(start);
  report.cpu_seconds = cpu_seconds();
  return report;
}

}  // namespace

std::function<int()> enrol_evaluate_series(CLI::App& app) {
  const auto options = std::make_shared<SeriesOptions>();
  app.add_option("TRAIN", options->train, "Training parts: id, values; CSV, also gzipped")
      ->required()
      ->type_name("");
  app.add_option("TEST", options->test, "What came after, as many values for each series")
      ->required()
      ->type_name("");
  app.add_option("--season", options->season, "Values in a season, e.g. 24 for hours; 1: none [1]")
      ->type_name("M");
  add_evaluate_options(app, *options, kDefaultModel);
  return [options] { return put_out(*options, evaluate(*options)); };
}

}  // namespace ara::cli
