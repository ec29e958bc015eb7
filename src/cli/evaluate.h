#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

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

/// An integer in [low, high]; Code::invalid on `field`.
Result<int> parse_bounded(std::string_view field, std::string_view text, int low, int high);

/// Writes a plot. Code::io.
Result<void> write_file(const std::string& path, std::string_view text);

}  // namespace ara::cli
