
#include "base/format.h"
#include "cli/evaluate_series.h"
#include "cli/json.h"
#include "cli/table.h"

namespace ara::cli {
namespace {

void put_scores(Json& json, yyjson_mut_val* object, const SeriesReport::Outcome& one,
                bool intervals) {
  json.put(object, "smape", json.real(one.scores.smape));
  json.put(object, "mase", json.real(one.scores.mase));
  json.put(object, "owa", json.real(one.owa));
  if (!intervals) return;
  json.put(object, "msis", json.real(one.scores.msis));
  json.put(object, "acd", json.real(evaluation::absolute_coverage_difference(one.scores)));
  json.put(object, "coverage_80", json.real(one.scores.coverage_80));
}

}  // namespace

std::string to_text(const SeriesReport& report, bool colour) {
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
  for (const SeriesReport::Outcome& one : report.benchmarks) {
    table.add({{one.name},
               {ara::format("{:.3f}", one.scores.smape)},
               {ara::format("{:.3f}", one.scores.mase)},
               {ara::format("{:.3f}", one.owa)},
               {},
               {},
               {},
               {},
               {}});
  }
  std::string refused;
  for (const SeriesReport::Outcome& one : report.models) {
    if (one.error) {
      refused += ara::format("{}: {}\n", one.name, one.error->message);
      continue;
    }
    table.add({{one.name, "1"},
               {ara::format("{:.3f}", one.scores.smape)},
               {ara::format("{:.3f}", one.scores.mase)},
               {ara::format("{:.3f}", one.owa), "1"},
               {ara::format("{:.3f}", one.scores.msis)},
               {ara::format("{:.4f}", evaluation::absolute_coverage_difference(one.scores))},
               {ara::format("{:.1f}", 100 * one.scores.coverage_80)},
               {ara::format("{:.1f}", one.seconds)},
               {ara::format("{:.1f}", one.cpu_seconds)}});
  }
  return table.render(colour) + refused +
         ara::format(
             "\n{} series, {:.1f} s, {:.1f} CPU s. OWA is against naive2 of this run; MSIS and "
             "ACD\nare of the 95 % interval, 80 % is the coverage of the 80 % interval.\n",
             report.series, report.seconds, report.cpu_seconds);
}

std::string to_json(const SeriesReport& report) {
  Json json;
  yyjson_mut_val* const root = json.object();
  json.put(root, "series", json.number(report.series));
  put_scores(json, root, report.models.front(), true);
  json.put(root, "seconds", json.real(report.seconds));
  json.put(root, "cpu_seconds", json.real(report.cpu_seconds));
  yyjson_mut_val* const models = json.object();
  for (const SeriesReport::Outcome& one : report.models) {
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
  for (const SeriesReport::Outcome& one : report.benchmarks) {
    yyjson_mut_val* const object = json.object();
    put_scores(json, object, one, false);
    json.put(benchmarks, one.name, object);
  }
  json.put(root, "benchmarks", benchmarks);
  return json.write(root);
}

}  // namespace ara::cli
