#include "app/wire.h"

#include <cmath>
#include <filesystem>

#include "cache/redis.h"
#include "cache/redis_watch.h"
#include "serve/traced_cache.h"
#include "storage/db_meters.h"

namespace ara::app {
namespace {

/// Of CACHE_SIZE_MB, the process's one budget: most to the ready-made forecasts, some to bars; the
/// rest is left for the pages of the embedded store and what requests hold.
constexpr double kL1Share = 0.75;
constexpr double kHistoryShare = 0.125;

Result<std::shared_ptr<storage::Store>> open_store(const config::Config& config,
                                                   std::shared_ptr<telemetry::Metrics> metrics) {
  std::error_code error;
  std::filesystem::create_directories(config.home, error);
  if (error) {
    return fail(Code::io,
                "ARA_HOME: cannot make the folder '" + config.home + "': " + error.message());
  }
  const storage::StoreOptions options{
      .connections = config.connections_of_node(),
      .wait = std::chrono::milliseconds(config.postgres_wait_ms),
      .connection_age = std::chrono::seconds(config.postgres_max_age_seconds),
      .meters = metrics ? std::make_shared<storage::DbMeters>(std::move(metrics)) : nullptr};
  return storage::open(config.store_place(), options);
}

/// The watch ends with the metrics, whose gauge alone holds it.
void show(telemetry::Metrics& metrics, const std::shared_ptr<cache::RedisClient>& client) {
  const auto add = [&](std::string_view family, telemetry::Metrics::Labels labels, auto read) {
    metrics.gauge(family, std::move(labels), [weak = std::weak_ptr(client), read] {
      const auto held = weak.lock();
      return held ? static_cast<double>(read(held->stats())) : std::nan("");
    });
  };
  using Stats = cache::RedisStats;
  add("ara_redis_operations_total", {{"result", "done"}},
      [](const Stats& stats) { return stats.operations - stats.failures; });
  add("ara_redis_operations_total", {{"result", "failed"}},
      [](const Stats& stats) { return stats.failures - stats.refused; });
  add("ara_redis_operations_total", {{"result", "refused"}},
      [](const Stats& stats) { return stats.refused; });
  add("ara_redis_retries_total", {}, [](const Stats& stats) { return stats.retries; });
  add("ara_redis_replica_reads_total", {}, [](const Stats& stats) { return stats.replica_reads; });
  add("ara_redis_breakers_open", {}, [](const Stats& stats) { return stats.open; });
  if (!metrics.recording()) return;
  metrics.gauge("ara_redis_slots_covered", {},
                [watch = std::make_shared<cache::RedisWatch>(client)] {
                  const auto covered = watch->slots_covered();
                  return covered ? static_cast<double>(*covered) : std::nan("");
                });
}

cache::RedisOptions redis_options(const config::Config& config, unsigned connections) {
  return {.place = {.nodes = config.redis_nodes(), .password = config.redis_password},
          .connections = connections};
}

/// Apart from what forecasts are looked up by, so that neither waits for the other.
Result<std::shared_ptr<cache::Channel>> open_channel(const config::Config& config) {
  if (config.redis_hosts.empty()) return nullptr;
  auto client = cache::make_redis_client(redis_options(config, 1));
  if (!client) return std::unexpected(std::move(client.error()));
  return cache::make_redis_channel(std::move(*client), "servers");
}

/// What the fleet shares, where REDIS_HOST names it.
Result<void> join_fleet(const config::Config& config, telemetry::Metrics& metrics,
                        serve::ServiceOptions& options) {
  if (config.redis_hosts.empty()) return {};
  auto client = cache::make_redis_client(redis_options(config, config.max_workers + 2));
  if (!client) return std::unexpected(std::move(client.error()));
  show(metrics, *client);
  const std::shared_ptr<cache::Tier> tier = cache::make_redis_tier(*client);
  options.flights = serve::traced(cache::make_redis_flights(*client, tier));
  options.l2 = serve::traced(tier);
  return {};
}

Result<std::shared_ptr<serve::ForecastService>> make_service(
    const config::Config& config, std::shared_ptr<storage::Store> store,
    std::shared_ptr<telemetry::Metrics> metrics) {
  const auto share = [&](double part) {
    return static_cast<std::uint64_t>(part * static_cast<double>(config.cache_size_mb << 20));
  };
  serve::ServiceOptions options{
      .workers = config.max_workers,
      .deadline = std::chrono::milliseconds(config.request_deadline_ms),
      .prediction_ttl = std::chrono::seconds(config.cache_ttl_seconds),
      .history_ttl = std::chrono::seconds(config.cache_ttl_historical_data_seconds),
      .l1_bytes = share(kL1Share),
      .history_bytes = share(kHistoryShare),
      .shelf = cli::open_shelf(config)};
  if (auto joined = join_fleet(config, *metrics, options); !joined) {
    return std::unexpected(std::move(joined.error()));
  }
  return serve::make_forecast_service(std::move(store), std::move(metrics), options);
}

}  // namespace

cli::Context wire() {
  return {.config = {},
          .make_store = open_store,
          .make_service = make_service,
          .open_channel = open_channel};
}

}  // namespace ara::app
