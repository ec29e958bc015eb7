#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/output.h"
#include "models/model.h"
#include "registry/shelf.h"

/// The parts of `ara evaluate`.
namespace ara::cli {

/// Adds the options of `ara evaluate series`, or `bars`, and returns what runs it.
std::function<int()> enrol_evaluate_series(CLI::App& app);  // evaluate_series.cpp
std::function<int()> enrol_evaluate_bars(CLI::App& app);    // evaluate_bars.cpp

/// What both take beside their data, as typed.
struct EvaluateOptions {
  std::string model;
  std::string threads = "2";
  bool json = false;
  std::string plot;
};
void add_evaluate_options(CLI::App& app, EvaluateOptions& options, std::string_view default_model);

/// Names that the shelf knows with commas between them, in that order, or "all" of the catalog, the
/// default model first; the error lists the names. The rows live as long as the shelf.
Result<std::vector<const models::ModelRow*>> parse_models(std::string_view names,
                                                          std::string_view default_model,
                                                          const registry::Shelf& shelf);
/// As many threads as were asked for.
Result<std::size_t> parse_threads(const EvaluateOptions& options);

/// An integer in [low, high]; Code::invalid on `field`.
Result<int> parse_bounded(std::string_view field, std::string_view text, int low, int high);

/// Writes text to a file. Code::io.
Result<void> write_file(const std::string& path, std::string_view text);

/// Puts out a report (of evaluate_series.h or evaluate_bars.h) as the options say, or its error;
/// the exit status.
template <class Report>
int put_out(const EvaluateOptions& options, const Result<Report>& made) {
  if (!made) return report(made.error());
  if (!options.plot.empty()) {
    if (const auto written = write_file(options.plot, plot(*made)); !written) {
      return report(written.error());
    }
  }
  return emit_or_report(options.json ? to_json(*made) + "\n"
                                     : to_text(*made, standard_output().colour));
}

}  // namespace ara::cli
