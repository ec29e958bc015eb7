#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/tiers.h"
#include "base/ip.h"
#include "base/result.h"
#include "config/host_port.h"
#include "config/limits.h"

namespace ara::config {

/// Where a setting's value came from; an earlier one overrides a later one.
enum class Source { flag, environment, dotenv, file, built_in };
std::string_view to_string(Source source);

/// A setting's value, its source, and for files the place, e.g. "./.env:3".
struct Shown {
  std::string_view name;
  std::string value;
  Source source = Source::built_in;
  std::string place;
};

/// All settings, checked. Each one is used somewhere, or it does not exist.
struct Config {
  std::string home;                          ///< ARA_HOME: holds ara.db
  std::vector<HostPort> postgres_hosts;      ///< POSTGRES_HOST, HOST or HOST:PORT; none: ara.db
  std::uint16_t postgres_port = 5432;        ///< POSTGRES_PORT, of hosts without one
  std::string postgres_database = "ara_ai";  ///< POSTGRES_DB
  std::string postgres_user = "ara_user";    ///< POSTGRES_USER
  std::string postgres_password;             ///< POSTGRES_PASSWORD
  std::uint32_t postgres_connections = 60;   ///< POSTGRES_CONNECTIONS: of the fleet, a server
  std::uint32_t postgres_wait_ms = 2000;     ///< POSTGRES_WAIT_MS: for one that is free
  std::uint32_t postgres_max_age_seconds = 1800;  ///< POSTGRES_MAX_AGE_SECONDS
  std::uint32_t fleet_nodes = 1;                  ///< FLEET_NODES: servers and workers
  std::uint32_t fleet_servers = 1;                ///< FLEET_SERVERS: servers alone
  std::string environment = "development";        ///< ARA_ENV
  std::string log_level = "info";                 ///< ARA_LOG_LEVEL
  std::uint32_t slow_request_ms = 1000;           ///< SLOW_REQUEST_MS; 0: none is
  std::string otlp_endpoint;                      ///< OTLP_ENDPOINT; empty: no traces
  double otlp_sample_ratio = 0.01;                ///< OTLP_SAMPLE_RATIO
  std::string host = "127.0.0.1";                 ///< API_HOST, an IP address
  std::uint16_t port = 8000;                      ///< API_PORT
  bool allow_public = false;                      ///< ALLOW_PUBLIC
  unsigned api_workers = 1;                       ///< API_WORKERS: event loops
  unsigned max_workers = 1;                       ///< MAX_WORKERS: slow lane
  std::uint64_t cache_size_mb = 64;               ///< CACHE_SIZE_MB: one budget for the process
  std::uint32_t cache_ttl_seconds = 300;          ///< CACHE_TTL_SECONDS
  std::uint32_t cache_ttl_historical_data_seconds = 3600;
  std::uint32_t cache_ttl_models_seconds = 86400;
  std::vector<HostPort> redis_hosts;                    ///< REDIS_HOST; none: no L2
  std::uint16_t redis_port = 6379;                      ///< REDIS_PORT: of those that name none
  std::string redis_password;                           ///< REDIS_PASSWORD; empty: none
  std::uint32_t request_deadline_ms = 5000;             ///< REQUEST_DEADLINE_MS
  std::uint32_t stream_connections = 20'000;            ///< STREAM_CONNECTIONS
  std::uint32_t stream_connections_per_account = 1000;  ///< STREAM_CONNECTIONS_PER_ACCOUNT
  bool webhook_allow_http = false;                      ///< WEBHOOK_ALLOW_HTTP
  bool webhook_allow_private = false;                   ///< WEBHOOK_ALLOW_PRIVATE
  unsigned job_workers = 1;        ///< JOB_WORKERS: threads of a server that run jobs
  std::uint16_t metrics_port = 0;  ///< METRICS_PORT: of a worker; 0: none
  bool docs = true;                ///< ENABLE_DOCS
  bool metrics = true;             ///< ENABLE_METRICS

  std::string jwt_secret;                         ///< JWT_SECRET_KEY; empty: no accounts
  std::vector<std::string> jwt_previous_secrets;  ///< JWT_PREVIOUS_SECRET_KEYS
  unsigned jwt_expiration_hours = 24;             ///< JWT_EXPIRATION_HOURS
  accounts::Tiers tiers;                          ///< TIERS
  bool rate_limit = true;                         ///< RATE_LIMIT_ENABLED
  std::int64_t rate_limit_per_minute = 0;         ///< RATE_LIMIT_PER_MINUTE; 0: the tier's
  bool cors = false;                              ///< ENABLE_CORS
  std::vector<std::string> cors_origins;          ///< CORS_ORIGINS; "*" alone: all
  std::vector<IpRange> trusted_proxies;           ///< TRUSTED_PROXIES

  std::vector<Shown> shown;  ///< in the order of settings()
  /// Names found in the environment or `.env` that ARA's documentation or its elders know and this
  /// version does not use, e.g. GPU_MEMORY_FRACTION; and those among them that ask for TLS.
  std::vector<std::string> unused;
  std::vector<std::string> tls;

  static constexpr unsigned kLeastConnections = 1;  ///< of a node, to each PostgreSQL server
  unsigned connections_of_node() const { return postgres_connections / fleet_nodes; }

  /// Where the store is: the path of ara.db, or the URI of the PostgreSQL servers.
  std::string store_place() const;
  /// How to reach the server from this machine, "http://HOST:PORT".
  std::string own_url() const;
  std::string database_path() const { return home + "/ara.db"; }
  std::vector<std::string> redis_nodes() const;                 ///< each "host:port"
  std::string models_path() const { return home + "/models"; }  ///< of users' models and trees
};

/// One row per setting in settings.cpp. Its name is its environment variable; its key in ara.toml
/// is key_of(name), its flag flags_of(row); a secret has no flag, since others see those.
struct SettingRow {
  std::string_view name;     ///< e.g. "API_PORT"
  std::string_view allowed;  ///< in words, e.g. "an integer from 1 to 65535"
  std::string_view help;
  /// The value where nothing sets it; may look at settings of earlier rows.
  std::string (*built_in)(const Limits& limits, const Config& earlier);
  /// Takes a text over into the configuration, or gives false where it is not allowed.
  bool (*assign)(std::string_view text, Config& config);
  bool shared = false;       ///< means something to every command, not to the server alone
  std::string_view alias{};  ///< a shorter flag, e.g. "port"
  bool secret = false;       ///< never shown
};
std::span<const SettingRow> settings();

/// "API_PORT" -> "api_port", "ARA_HOME" -> "home": ara.toml and flags need no "ara".
std::string key_of(std::string_view name);
/// The flags of a setting, e.g. "--port,--api-port".
std::string flags_of(const SettingRow& row);
/// The words of a setting that allows "one of a, b, c"; none for other kinds.
std::vector<std::string> choices(const SettingRow& row);
/// Whether the setting is true or false; its flag needs no value then.
bool is_switch(const SettingRow& row);
/// The value as it may be shown: a secret is not.
std::string shown_value(const SettingRow& row, std::string_view value);

/// Reads flags (setting's name -> text), the environment, `.env` and `ara.toml` in `directory`, in
/// that order of precedence; an empty variable counts as not set. The first bad value is an error
/// naming its field and place; an unknown key in ara.toml is an error that suggests the nearest.
Result<Config> load(const std::map<std::string, std::string>& flags, const std::string& directory,
                    const Limits& limits);

/// What a server may not be started with: no secret for tokens outside development; in development
/// without one, an address that others can reach (unless ALLOW_PUBLIC); CORS for nobody; and TLS
/// settings.
Result<void> check_serving(const Config& config);

/// A commented ara.toml with every setting at its built-in value.
std::string template_file(const Limits& limits);

}  // namespace ara::config
