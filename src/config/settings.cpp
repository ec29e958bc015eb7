// The one table of settings. Flags, ara.toml, `ara config` and the tests walk it.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "config/assign.h"
#include "config/config.h"

namespace ara::config {
namespace {

constexpr std::array kSettings{
    SettingRow{.name = "ARA_HOME",
               .allowed = "the path of a folder",
               .help = "Folder of the embedded store",
               .built_in = default_home,
               .assign = assign_home,
               .shared = true},
    SettingRow{.name = "POSTGRES_HOST",
               .allowed = "hosts, each maybe with :PORT, commas between",
               .help = "PostgreSQL servers of one cluster, the primary and its standbys in any "
                       "order; nothing for the embedded store",
               .built_in = fixed<"">,
               .assign = assign_hosts<&Config::postgres_hosts>,
               .shared = true},
    SettingRow{.name = "POSTGRES_PORT",
               .allowed = "an integer from 1 to 65535",
               .help = "Port of the hosts that name none",
               .built_in = fixed<"5432">,
               .assign = assign_integer<&Config::postgres_port, 1, 65535>,
               .shared = true},
    SettingRow{.name = "POSTGRES_DB",
               .allowed = "letters, digits and _$-.@, at most 63",
               .help = "Database, which must be there; its tables are made",
               .built_in = fixed<"ara_ai">,
               .assign = assign_database_name<&Config::postgres_database>,
               .shared = true},
    SettingRow{.name = "POSTGRES_USER",
               .allowed = "letters, digits and _$-.@, at most 63",
               .help = "Role that owns the tables",
               .built_in = fixed<"ara_user">,
               .assign = assign_database_name<&Config::postgres_user>,
               .shared = true},
    SettingRow{.name = "POSTGRES_PASSWORD",
               .allowed = "printable ASCII without spaces, at most 1024 characters",
               .help = "Password of that role",
               .built_in = fixed<"">,
               .assign = assign_password<&Config::postgres_password>,
               .shared = true,
               .secret = true},
    SettingRow{.name = "POSTGRES_CONNECTIONS",
               .allowed = "an integer from 1 to 10000",
               .help =
                   "Connections to each server that the whole fleet may have open, divided among "
                   "FLEET_NODES, 1 or more for each",
               .built_in = fixed<"60">,
               .assign = assign_integer<&Config::postgres_connections, 1, 10'000>,
               .shared = true},
    SettingRow{.name = "POSTGRES_WAIT_MS",
               .allowed = "an integer from 1 to 60000",
               .help = "Milliseconds to wait for a free connection before a call is refused",
               .built_in = fixed<"2000">,
               .assign = assign_integer<&Config::postgres_wait_ms, 1, 60'000>,
               .shared = true},
    SettingRow{.name = "POSTGRES_MAX_AGE_SECONDS",
               .allowed = "an integer from 1 to 86400",
               .help = "Seconds after which a connection is replaced by a new one",
               .built_in = fixed<"1800">,
               .assign = assign_integer<&Config::postgres_max_age_seconds, 1, 86'400>,
               .shared = true},
    SettingRow{.name = "FLEET_NODES",
               .allowed = "an integer from 1 to 1000",
               .help = "Servers and workers of the fleet, among which connections are divided",
               .built_in = fixed<"1">,
               .assign = assign_integer<&Config::fleet_nodes, 1, 1000>,
               .shared = true},
    SettingRow{.name = "FLEET_SERVERS",
               .allowed = "an integer from 1 to 1000",
               .help = "Servers of the fleet, among which an account's requests of a minute are "
                       "divided",
               .built_in = fixed<"1">,
               .assign = assign_integer<&Config::fleet_servers, 1, 1000>},
    SettingRow{.name = "ARA_ENV",
               .allowed = kEnvironments,
               .help = "What this is run for; production turns ENABLE_DOCS off by default",
               .built_in = fixed<"development">,
               .assign = assign_word<&Config::environment, kEnvironments>},
    SettingRow{.name = "ARA_LOG_LEVEL",
               .allowed = kLogLevels,
               .help = "Least severe log line that is written to standard error",
               .built_in = fixed<"info">,
               .assign = assign_word<&Config::log_level, kLogLevels>,
               .shared = true},
    SettingRow{.name = "SLOW_REQUEST_MS",
               .allowed = "an integer from 0 to 600000",
               .help =
                   "Milliseconds beyond which the log says where a request's time went, and its "
                   "trace is exported; 0: none",
               .built_in = fixed<"1000">,
               .assign = assign_integer<&Config::slow_request_ms, 0, 600'000>},
    SettingRow{.name = "OTLP_ENDPOINT",
               .allowed = "an http or https URL such as http://collector:4318, without a password",
               .help = "Collector that traces are sent to, OTLP over HTTP; a URL without a path "
                       "gets /v1/traces. Nothing: no traces",
               .built_in = fixed<"">,
               .assign = assign_otlp_endpoint},
    SettingRow{.name = "OTLP_SAMPLE_RATIO",
               .allowed = "a number from 0 to 1",
               .help = "Share of traces that are exported whatever comes of them; slow and failed "
                       "ones always are",
               .built_in = fixed<"0.01">,
               .assign = assign_share<&Config::otlp_sample_ratio>},
    SettingRow{.name = "API_HOST",
               .allowed = "an IPv4 or IPv6 address, or localhost",
               .help = "Address to listen on",
               .built_in = fixed<"127.0.0.1">,
               .assign = assign_host,
               .alias = "host"},
    SettingRow{.name = "API_PORT",
               .allowed = "an integer from 1 to 65535",
               .help = "Port to listen on",
               .built_in = fixed<"8000">,
               .assign = assign_integer<&Config::port, 1, 65535>,
               .alias = "port"},
    SettingRow{.name = "ALLOW_PUBLIC",
               .allowed = kBool,
               .help = "Whether an open server, without JWT_SECRET_KEY in development, may listen "
                       "where other machines reach it",
               .built_in = fixed<"false">,
               .assign = assign_bool<&Config::allow_public>},
    SettingRow{.name = "JWT_SECRET_KEY",
               .allowed = "32 to 1024 bytes, the same on every server",
               .help =
                   "Secret that tokens are signed with: turns accounts on. Needed unless ARA_ENV "
                   "is development",
               .built_in = fixed<"">,
               .assign = assign_secret,
               .secret = true},
    SettingRow{.name = "JWT_PREVIOUS_SECRET_KEYS",
               .allowed = "secrets of 32 to 1024 bytes, commas between",
               .help = "Secrets that JWT_SECRET_KEY replaced: tokens signed with them are still "
                       "taken",
               .built_in = fixed<"">,
               .assign = assign_previous_secrets,
               .secret = true},
    SettingRow{.name = "JWT_EXPIRATION_HOURS",
               .allowed = "an integer from 1 to 8760",
               .help = "How long a token is valid",
               .built_in = fixed<"24">,
               .assign = assign_integer<&Config::jwt_expiration_hours, 1, 8760>},
    SettingRow{.name = "TIERS",
               .allowed = accounts::Tiers::kAllowed,
               .help =
                   "What accounts may ask for: requests a minute and a day, symbols of a batch, "
                   "days of a backtest, assets of a portfolio; the least tier first",
               .built_in = [](const Limits&,
                              const Config&) { return std::string(accounts::Tiers::kDefault); },
               .assign = assign_tiers,
               .shared = true},
    SettingRow{.name = "RATE_LIMIT_ENABLED",
               .allowed = kBool,
               .help = "Count the requests of accounts, and refuse those beyond their tier",
               .built_in = fixed<"true">,
               .assign = assign_bool<&Config::rate_limit>},
    SettingRow{.name = "RATE_LIMIT_PER_MINUTE",
               .allowed = "an integer from 0 to 10000000",
               .help = "Requests a minute of every account, in place of its tier's; 0: the tier's",
               .built_in = fixed<"0">,
               .assign = assign_integer<&Config::rate_limit_per_minute, 0, 10'000'000>},
    SettingRow{.name = "ENABLE_CORS",
               .allowed = kBool,
               .help = "Let pages of CORS_ORIGINS read answers in a browser",
               .built_in = fixed<"false">,
               .assign = assign_bool<&Config::cors>},
    SettingRow{.name = "CORS_ORIGINS",
               .allowed = "origins such as https://app.example.com, commas between, or * alone",
               .help = "Pages that ENABLE_CORS lets in",
               .built_in = fixed<"">,
               .assign = assign_origins},
    SettingRow{.name = "TRUSTED_PROXIES",
               .allowed = "IP addresses or ranges such as 10.0.0.0/8, commas between",
               .help = "Proxies whose X-Forwarded-For is believed; nobody else's is",
               .built_in = fixed<"">,
               .assign = assign_proxies},
    SettingRow{.name = "API_WORKERS",
               .allowed = "an integer from 1 to 64",
               .help = "Event loops; by default one per core",
               .built_in = default_loops,
               .assign = assign_integer<&Config::api_workers, 1, 64>},
    SettingRow{.name = "MAX_WORKERS",
               .allowed = "an integer from 1 to 256",
               .help = "Threads that compute forecasts; by default one per whole core",
               .built_in = default_workers,
               .assign = assign_integer<&Config::max_workers, 1, 256>},
    SettingRow{.name = "CACHE_SIZE_MB",
               .allowed = "an integer from 1 to 1048576, within the memory of this machine",
               .help =
                   "Memory for caches, for the whole process; by default a sixteenth of what the "
                   "machine or container has, at most 64",
               .built_in = default_cache,
               .assign = assign_integer<&Config::cache_size_mb, 1, 1048576>},
    SettingRow{.name = "CACHE_TTL_SECONDS",
               .allowed = "an integer from 1 to 86400",
               .help = "How long a forecast is kept in a cache, also a client's",
               .built_in = fixed<"300">,
               .assign = assign_integer<&Config::cache_ttl_seconds, 1, 86400>},
    SettingRow{.name = "CACHE_TTL_HISTORICAL_DATA_SECONDS",
               .allowed = "an integer from 1 to 604800",
               .help = "How long bars are kept in memory; new bars replace them at once",
               .built_in = fixed<"3600">,
               .assign = assign_integer<&Config::cache_ttl_historical_data_seconds, 1, 604800>},
    SettingRow{.name = "CACHE_TTL_MODELS_SECONDS",
               .allowed = "an integer from 1 to 604800",
               .help = "How long trees that no champion needs are kept in memory, for a rollback",
               .built_in = fixed<"86400">,
               .assign = assign_integer<&Config::cache_ttl_models_seconds, 1, 604800>},
    SettingRow{.name = "REDIS_HOST",
               .allowed = "hosts, each maybe with :PORT, commas between",
               .help = "Some nodes of a Redis Cluster, the cache that the servers of a fleet share",
               .built_in = fixed<"">,
               .assign = assign_hosts<&Config::redis_hosts>},
    SettingRow{.name = "REDIS_PORT",
               .allowed = "an integer from 1 to 65535",
               .help = "Port of the nodes in REDIS_HOST that name none",
               .built_in = fixed<"6379">,
               .assign = assign_integer<&Config::redis_port, 1, 65535>},
    SettingRow{.name = "REDIS_PASSWORD",
               .allowed = "printable ASCII without spaces, at most 1024 characters",
               .help = "Password of these nodes",
               .built_in = fixed<"">,
               .assign = assign_password<&Config::redis_password>,
               .secret = true},
    SettingRow{.name = "REQUEST_DEADLINE_MS",
               .allowed = "an integer from 10 to 600000",
               .help = "Time in which a request is answered or refused",
               .built_in = fixed<"5000">,
               .assign = assign_integer<&Config::request_deadline_ms, 10, 600000>},
    SettingRow{.name = "STREAM_CONNECTIONS",
               .allowed = "an integer from 1 to 1000000",
               .help = "WebSockets and streams of events that may be open",
               .built_in = fixed<"20000">,
               .assign = assign_integer<&Config::stream_connections, 1, 1'000'000>},
    SettingRow{.name = "STREAM_CONNECTIONS_PER_ACCOUNT",
               .allowed = "an integer from 1 to 1000000",
               .help = "Of these, how many one account may have open",
               .built_in = fixed<"1000">,
               .assign = assign_integer<&Config::stream_connections_per_account, 1, 1'000'000>},
    SettingRow{.name = "WEBHOOK_ALLOW_HTTP",
               .allowed = kBool,
               .help = "Whether webhooks may have http URLs, which anyone on the way can read",
               .built_in = fixed<"false">,
               .assign = assign_bool<&Config::webhook_allow_http>},
    SettingRow{.name = "WEBHOOK_ALLOW_PRIVATE",
               .allowed = kBool,
               .help = "Whether webhooks may lead to this machine and its network: a door into "
                       "both, for development and tests",
               .built_in = fixed<"false">,
               .assign = assign_bool<&Config::webhook_allow_private>},
    SettingRow{.name = "JOB_WORKERS",
               .allowed = "an integer from 0 to 64",
               .help = "Jobs that a server runs at a time beside answering requests; 0 leaves them "
                       "to `ara worker`",
               .built_in = fixed<"1">,
               .assign = assign_integer<&Config::job_workers, 0, 64>},
    SettingRow{.name = "METRICS_PORT",
               .allowed = "an integer from 0 to 65535",
               .help = "Port on which `ara worker` serves /metrics, /health/live and "
                       "/health/ready; 0: none",
               .built_in = fixed<"0">,
               .assign = assign_integer<&Config::metrics_port, 0, 65535>},
    SettingRow{.name = "ENABLE_DOCS",
               .allowed = kBool,
               .help = "Serve /openapi.json; off by default where ARA_ENV is production",
               .built_in = default_docs,
               .assign = assign_bool<&Config::docs>},
    SettingRow{.name = "ENABLE_METRICS",
               .allowed = kBool,
               .help = "Count what is done, and serve it on /metrics",
               .built_in = fixed<"true">,
               .assign = assign_bool<&Config::metrics>},
};

}  // namespace

std::span<const SettingRow> settings() {
  return kSettings;
}

std::string key_of(std::string_view name) {
  if (name.starts_with("ARA_")) name.remove_prefix(4);
  return to_lower(name);
}

std::string flags_of(const SettingRow& row) {
  std::string flag = "--" + key_of(row.name);
  std::ranges::replace(flag, '_', '-');
  return row.alias.empty() ? flag : "--" + std::string(row.alias) + "," + flag;
}

std::vector<std::string> choices(const SettingRow& row) {
  return words_of(row.allowed);
}

bool is_switch(const SettingRow& row) {
  return row.allowed == kBool;
}

std::string shown_value(const SettingRow& row, std::string_view value) {
  return row.secret ? "(secret)" : std::string(value);
}

}  // namespace ara::config
