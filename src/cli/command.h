#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "base/clock.h"
#include "cache/channel.h"
#include "config/config.h"
#include "registry/shelf.h"
#include "serve/forecast_service.h"
#include "storage/store.h"
#include "telemetry/metrics.h"

namespace ara::cli {

/// What a command may use. The makers are given by app/wire.cpp, the only file that names concrete
/// classes; nothing is opened before a command asks.
struct Context {
  config::Config config;
  std::function<Result<std::shared_ptr<storage::Store>>(const config::Config&,
                                                        std::shared_ptr<telemetry::Metrics>)>
      make_store;
  std::function<Result<std::shared_ptr<serve::ForecastService>>(
      const config::Config&, std::shared_ptr<storage::Store>, std::shared_ptr<telemetry::Metrics>)>
      make_service;
  /// By which the servers of a fleet talk to one another; null where there is no fleet.
  std::function<Result<std::shared_ptr<cache::Channel>>(const config::Config&)> open_channel;
  SteadyTime started{};  ///< when run() began

  /// The store, whose calls are counted where there are metrics.
  Result<std::shared_ptr<storage::Store>> open_store(
      const config::Config& of, std::shared_ptr<telemetry::Metrics> metrics = nullptr) const {
    return make_store(of, std::move(metrics));
  }
};

/// Where models that were added or trained are read from.
inline std::shared_ptr<const registry::Shelf> open_shelf(const config::Config& config) {
  return std::make_shared<const registry::Shelf>(
      config.models_path(), std::chrono::seconds(config.cache_ttl_models_seconds));
}

/// Which settings are flags of a command, and whether they are read before it runs.
enum class Needs {
  nothing,          ///< runs whatever the settings are
  shared_settings,  ///< those that mean something to every command
  all_settings,
};

/// A row of commands.cpp. `enrol` adds options to the subcommand and returns what runs it: the exit
/// status, 0 for success, else that of the error's code (base/error.cpp).
struct CommandRow {
  std::string_view name;
  std::string_view help;
  std::string_view examples;  ///< shown below the help, one a line
  Needs needs = Needs::shared_settings;
  std::function<int()> (*enrol)(CLI::App& subcommand, Context& context);
};

std::span<const CommandRow> commands();

/// Parses the arguments, loads the configuration and runs the command named.
int run(int argc, char** argv, Context context);

/// Prints the error for a person on standard error; returns its exit status.
int report(const Error& error);

}  // namespace ara::cli
