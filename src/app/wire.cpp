#include "app/wire.h"

#include <algorithm>
#include <filesystem>

namespace ara::app {
namespace {

/// Of CACHE_SIZE_MB, the process's one budget: most to the ready-made forecasts; the rest is left
/// for the pages of the embedded store and what requests hold.
constexpr double kL1Share = 0.75;

Result<std::shared_ptr<storage::Store>> open_store(const config::Config& config) {
  std::error_code error;
  std::filesystem::create_directories(config.home, error);
  if (error) {
    return fail(Code::io,
                "ARA_HOME: cannot make the folder '" + config.home + "': " + error.message());
  }
  const storage::StoreOptions options{
      .connections = std::max(4U, config.postgres_connections / config.fleet_nodes),
      .wait = std::chrono::milliseconds(config.postgres_wait_ms),
      .connection_age = std::chrono::seconds(config.postgres_max_age_seconds)};
  return storage::open(config.store_place(), options);
}

Result<std::shared_ptr<serve::ForecastService>> make_service(
    const config::Config& config, std::shared_ptr<storage::Store> store,
    std::shared_ptr<telemetry::Metrics> metrics) {
  const serve::ServiceOptions options{
      .workers = config.max_workers,
      .deadline = std::chrono::milliseconds(config.request_deadline_ms),
      .prediction_ttl = std::chrono::seconds(config.cache_ttl_seconds),
      .l1_bytes =
          static_cast<std::uint64_t>(kL1Share * static_cast<double>(config.cache_size_mb << 20)),
      .shelf = std::make_shared<const registry::Shelf>(config.models_path())};
  return serve::make_forecast_service(std::move(store), std::move(metrics), options);
}

}  // namespace

cli::Context wire() {
  return {.config = {}, .open_store = open_store, .make_service = make_service};
}

}  // namespace ara::app
