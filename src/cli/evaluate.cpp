// ara evaluate
#include "cli/evaluate.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <ranges>

#include "base/format.h"
#include "base/text.h"
#include "cli/commands.h"

namespace ara::cli {

void add_evaluate_options(CLI::App& app, EvaluateOptions& options, std::string_view default_model) {
  options.model = default_model;
  app.add_option(
         "-m,--model", options.model,
         ara::format("A model, several with commas between them, or all [{}]", default_model))
      ->type_name("NAME");
  app.add_option("--threads", options.threads, "Threads; the scores do not depend on it [2]")
      ->type_name("N");
  app.add_flag("--json", options.json, "One JSON object on standard output");
  app.add_option("--plot", options.plot, "Write calibration and skill to an SVG file")
      ->type_name("FILE");
}

Result<std::vector<const models::ModelRow*>> parse_models(std::string_view names,
                                                          std::string_view default_model,
                                                          const registry::Shelf& shelf) {
  std::vector<const models::ModelRow*> rows;
  if (names == "all") {
    for (const auto& row : models::catalog()) {
      if (!row.needs_trees) rows.push_back(&row);  // without them it would refuse
    }
    std::ranges::stable_partition(rows,
                                  [&](const auto* row) { return row->name == default_model; });
    return rows;
  }
  for (const auto part : std::views::split(names, ',')) {
    const auto row = shelf.find(trim(std::string_view(part)));
    if (!row) {
      Error error = row.error();
      error.allowed += ", or all";
      error.message += ", or all";
      return std::unexpected(std::move(error));
    }
    rows.push_back(*row);
  }
  return rows;
}

Result<std::size_t> parse_threads(const EvaluateOptions& options) {
  return parse_bounded("threads", options.threads, 1, 256).transform([](int threads) {
    return static_cast<std::size_t>(threads);
  });
}

Result<int> parse_bounded(std::string_view field, std::string_view text, int low, int high) {
  const auto value = parse_integer(text);
  if (!value || *value < low || *value > high) {
    return invalid(field, text, ara::format("an integer from {} to {}", low, high));
  }
  return static_cast<int>(*value);
}

Result<void> write_file(const std::string& path, std::string_view text) {
  errno = 0;
  std::ofstream file(path, std::ios::binary);
  if (!file || !(file << text).flush()) {
    return fail(Code::io,
                ara::format("Cannot write {}: {}", printable(path), std::strerror(errno)));
  }
  return {};
}

std::function<int()> enrol_evaluate(CLI::App& app, Context&) {
  app.require_subcommand(1);
  CLI::App* series = app.add_subcommand(
      "series", "Forecast each series once and score it as the M4 competition does");
  CLI::App* bars =
      app.add_subcommand("bars", "Forecast bars from rolling origins and score the distributions");
  return
      [series, run_series = enrol_evaluate_series(*series), run_bars = enrol_evaluate_bars(*bars)] {
        return series->parsed() ? run_series() : run_bars();
      };
}

}  // namespace ara::cli
