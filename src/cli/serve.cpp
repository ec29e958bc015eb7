#include <algorithm>
#include <chrono>
#include <cstdio>

#include "base/format.h"
#include "cli/commands.h"
#include "cli/metering.h"
#include "cli/output.h"
#include "cli/tracing.h"
#include "http/server.h"
#include "jobs/queue.h"
#include "jobs/worker.h"
#include "live/backup_watch.h"
#include "live/live.h"
#include "live/settler.h"
#include "telemetry/log.h"

namespace ara::cli {
namespace {

/// For jobs that run when the server has stopped; with its drain_timeout before, and what comes
/// after, it is gone within 10 s.
constexpr std::chrono::seconds kFinishJobs{1};

http::ServerOptions server_options(const config::Config& config) {
  return {.host = config.host,
          .port = config.port,
          .event_loops = config.api_workers,
          .prediction_ttl = std::chrono::seconds(config.cache_ttl_seconds),
          .request_deadline = std::chrono::milliseconds(config.request_deadline_ms),
          .cors_origins = config.cors ? config.cors_origins : std::vector<std::string>{},
          .trusted_proxies = config.trusted_proxies,
          .data_folder = config.home,
          .docs = config.docs,
          .metrics = config.metrics};
}

live::LiveOptions live_options(const config::Config& config,
                               std::shared_ptr<telemetry::Tracer> tracer) {
  live::LiveOptions options;
  options.courier.tracer = std::move(tracer);
  options.hub.most_connections = config.stream_connections;
  options.hub.most_of_account = config.stream_connections_per_account;
  options.courier.sender.policy = {.allow_private = config.webhook_allow_private,
                                   .allow_http = config.webhook_allow_http};
  return options;
}

/// Settings that other versions know would be ignored in silence; one line says so instead.
void warn_of_unused(const config::Config& config) {
  if (config.unused.empty()) return;
  std::string line = "warning: this version does not use ";
  for (const std::string& name : config.unused) {
    line += (&name == &config.unused.front() ? "" : ", ") + name;
  }
  line += "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
}

accounts::Options account_options(const config::Config& config,
                                  std::shared_ptr<cache::Channel> channel) {
  accounts::Options options;
  options.secret = config.jwt_secret;
  options.previous = config.jwt_previous_secrets;
  options.token_life = std::chrono::hours(config.jwt_expiration_hours);
  options.limits = config.rate_limit;
  options.directory.tiers = config.tiers;
  options.directory.per_minute = config.rate_limit_per_minute;
  options.directory.servers = static_cast<int>(config.fleet_servers);
  options.directory.channel = std::move(channel);
  return options;
}

std::string welcome(const config::Config& config, const std::vector<std::string>& symbols,
                    std::chrono::milliseconds took) {
  const std::string url = config.own_url();
  std::string text = ara::format("Serving {} symbol{} on {} (ready in {} ms)\n", symbols.size(),
                                 symbols.size() == 1 ? "" : "s", url, took.count());
  if (symbols.empty()) return text + "There are no symbols yet: `ara import FILE.csv` adds some\n";
  const bool apple = std::ranges::binary_search(symbols, "AAPL");
  return text + ara::format("Try: curl '{}/api/v1/predict/{}?days=7'\n", url,
                            apple ? "AAPL" : symbols.front());
}

Result<void> serve(Context& context) {
  const config::Config& config = context.config;
  if (auto allowed = config::check_serving(config); !allowed) return allowed;
  warn_of_unused(config);
  telemetry::follow_log_signals();
  const auto metrics = make_metrics(config, config.metrics);
  auto store = context.open_store(config, metrics);
  if (!store) return std::unexpected(std::move(store.error()));
  auto service = context.make_service(config, *store, metrics);
  if (!service) return std::unexpected(std::move(service.error()));
  auto channel = context.open_channel(config);
  if (!channel) return std::unexpected(std::move(channel.error()));
  auto accounts =
      accounts::Accounts::start(*store, account_options(config, *channel), system_clock());
  if (!accounts) return std::unexpected(std::move(accounts.error()));
  const auto tracer = make_tracer(config, metrics, std::to_string(config.port));
  const auto live =
      std::make_shared<live::Live>(live_options(config, tracer), *store, *service, metrics);
  const live::Settler settler(*store, metrics);
  const live::BackupWatch backups(*store, metrics);
  const auto shelf = open_shelf(config);
  jobs::Worker worker(*store, shelf, metrics,
                      {.threads = config.job_workers, .pulse = {}, .tracer = tracer});
  const auto say_ready = [&] {
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
        system_clock().steady() - context.started);
    // A closed standard output is no reason not to serve.
    (void)emit(welcome(config, (*service)->symbol_names(), took));
  };
  auto served = http::run_server(server_options(config),
                                 {*service, *store, metrics, std::move(*accounts), live,
                                  std::make_shared<jobs::Queue>(*store, shelf), tracer},
                                 say_ready);
  worker.stop(Deadline::after(kFinishJobs));
  tracer->stop(Deadline::after(kFlushTraces));
  return served;
}

}  // namespace

std::function<int()> enrol_serve(CLI::App&, Context& context) {
  return [&context] {
    const auto served = serve(context);
    return served ? 0 : report(served.error());
  };
}

}  // namespace ara::cli
