#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "cli/command.h"

namespace ara::cli {

/// `ara import PATH…`: bars from CSV files into the store.
std::function<int()> enrol_import(CLI::App& subcommand, Context& context);

}  // namespace ara::cli
