// ara evaluate series
#include <format>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "base/cpu_time.h"
#include "cli/command.h"
#include "cli/evaluate.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/parallel.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "evaluation/naive.h"
#include "evaluation/series.h"
#include "ingest/source.h"

namespace ara::cli {
namespace {

using evaluation::SeriesScores;
using evaluation::SeriesTask;

constexpr int kLongestSeason = 10'000;

struct Options : EvaluateOptions {
  std::string train;
  std::string test;
  std::string season = "1";
};

/// The means of a method, or why it could not be had.
struct Outcome {
  std::string name;
  SeriesScores scores;
  double owa = 0;
  std::optional<Error> error;
  double seconds = 0;
  double cpu_seconds = 0;
};

struct Report {
  std::size_t series = 0;
  std::size_t unscaled = 0;
  std::vector<Outcome> models;      ///< the first is the headline
  std::vector<Outcome> benchmarks;  ///< point forecasts only; the last is naive2
  double seconds = 0;
  double cpu_seconds = 0;
};

double seconds_since(SteadyTime start) {
  return std::chrono::duration<double>(system_clock().steady() - start).count();
}

Result<std::vector<SeriesTask>> read_tasks(const Options& options, int season) {
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

Result<Report> evaluate(const Options& options) {
  const SteadyTime start = system_clock().steady();
  const auto rows = parse_models(options.model);
  if (!rows) return std::unexpected(rows.error());
  const auto season = parse_bounded("season", options.season, 1, kLongestSeason);
  if (!season) return std::unexpected(season.error());
  const auto threads = parse_bounded("threads", options.threads, 1, 256);
  if (!threads) return std::unexpected(threads.error());
  const auto tasks = read_tasks(options, *season);
  if (!tasks) return std::unexpected(tasks.error());

  Report report{.series = tasks->size()};
  report.benchmarks = score_benchmarks(*tasks, *season);
  const SeriesScores& naive2 = report.benchmarks.back().scores;
  const models::Setting setting{.scale = domain::Scale::level, .season = *season};
  Progress progress(rows->size() * tasks->size(), "series");
  for (const models::ModelRow* row : *rows) {
    auto outcome = score_model(*row, *tasks, setting, static_cast<std::size_t>(*threads), progress);
    outcome.owa = evaluation::owa(outcome.scores, naive2);
    // One model of many may refuse; the one that was asked for may not.
    if (outcome.error && row == rows->front()) return std::unexpected(*outcome.error);
    report.models.push_back(std::move(outcome));
  }
  report.seconds = seconds_since(start);
  report.cpu_seconds = cpu_seconds();
  return report;
}

std::string to_text(const Report& report, bool colour) {
  using enum Table::Align;
  Table table({{"Model"},
               {"sMAPE %", right},
               {"MASE", right},
               {"OWA", right},
               {"MSIS", right},
               {"ACD", right},
               {"80 %", right},
               {"Seconds", right},
               {"CPU s", right}});
  for (const Outcome& one : report.benchmarks) {
    table.add({{one.name},
               {std::format("{:.3f}", one.scores.smape)},
               {std::format("{:.3f}", one.scores.mase)},
               {std::format("{:.3f}", one.owa)},
               {},
               {},
               {},
               {},
               {}});
  }
  std::string refused;
  for (const Outcome& one : report.models) {
    if (one.error) {
      refused += std::format("{}: {}\n", one.name, one.error->message);
      continue;
    }
    table.add({{one.name, "1"},
               {std::format("{:.3f}", one.scores.smape)},
               {std::format("{:.3f}", one.scores.mase)},
               {std::format("{:.3f}", one.owa), "1"},
               {std::format("{:.3f}", one.scores.msis)},
               {std::format("{:.4f}", evaluation::absolute_coverage_difference(one.scores))},
               {std::format("{:.1f}", 100 * one.scores.coverage_80)},
               {std::format("{:.1f}", one.seconds)},
               {std::format("{:.1f}", one.cpu_seconds)}});
  }
  return table.render(colour) + refused +
         std::format(
             "\n{} series, {:.1f} s, {:.1f} CPU s. OWA is against naive2 of this run; MSIS and "
             "ACD\nare of the 95 % interval, 80 % is the coverage of the 80 % interval.\n",
             report.series, report.seconds, report.cpu_seconds);
}

void put_scores(Json& json, yyjson_mut_val* object, const Outcome& one, bool intervals) {
  json.put(object, "smape", json.real(one.scores.smape));
  json.put(object, "mase", json.real(one.scores.mase));
  json.put(object, "owa", json.real(one.owa));
  if (!intervals) return;
  json.put(object, "msis", json.real(one.scores.msis));
  json.put(object, "acd", json.real(evaluation::absolute_coverage_difference(one.scores)));
  json.put(object, "coverage_80", json.real(one.scores.coverage_80));
}

std::string to_json(const Report& report) {
  Json json;
  yyjson_mut_val* const root = json.object();
  json.put(root, "series", json.number(report.series));
  put_scores(json, root, report.models.front(), true);
  json.put(root, "seconds", json.real(report.seconds));
  json.put(root, "cpu_seconds", json.real(report.cpu_seconds));
  yyjson_mut_val* const models = json.object();
  for (const Outcome& one : report.models) {
    yyjson_mut_val* const object = json.object();
    if (one.error) {
      json.put(object, "refused", json.text(one.error->message));
    } else {
      put_scores(json, object, one, true);
    }
    json.put(object, "seconds", json.real(one.seconds));
    json.put(object, "cpu_seconds", json.real(one.cpu_seconds));
    json.put(models, one.name, object);
  }
  json.put(root, "models", models);
  yyjson_mut_val* const benchmarks = json.object();
  for (const Outcome& one : report.benchmarks) {
    yyjson_mut_val* const object = json.object();
    put_scores(json, object, one, false);
    json.put(benchmarks, one.name, object);
  }
  json.put(root, "benchmarks", benchmarks);
  return json.write(root) + "\n";
}

int run(const Options& options) {
  const auto report = evaluate(options);
  if (!report) return cli::report(report.error());
  return emit_or_report(options.json ? to_json(*report)
                                     : to_text(*report, standard_output().colour));
}

}  // namespace

std::function<int()> enrol_evaluate_series(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_option("TRAIN", options->train, "Training parts: id, values; CSV, also gzipped")
      ->required()
      ->type_name("");
  app.add_option("TEST", options->test, "What came after, as many values for each series")
      ->required()
      ->type_name("");
  app.add_option("--season", options->season, "Values in a season, e.g. 24 for hours; 1: none [1]")
      ->type_name("M");
  add_evaluate_options(app, *options, models::catalog().back().name);
  return [options] { return run(*options); };
}

}  // namespace ara::cli
