// The one table of settings. Flags, ara.toml, `ara config` and the tests walk it.
#include <arpa/inet.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "base/text.h"
#include "config/config.h"

namespace ara::config {
namespace {

template <auto Member, long long Least, long long Most>
bool assign_integer(std::string_view text, Config& config) {
  const auto value = parse_integer(text);
  if (!value || *value < Least || *value > Most) return false;
  using Field = std::remove_reference_t<decltype(config.*Member)>;
  config.*Member = static_cast<Field>(*value);
  return true;
}

template <auto Member>
bool assign_bool(std::string_view text, Config& config) {
  const std::string word = to_lower(text);
  const bool yes = word == "true" || word == "1" || word == "yes" || word == "on";
  if (!yes && word != "false" && word != "0" && word != "no" && word != "off") return false;
  config.*Member = yes;
  return true;
}

constexpr std::string_view kBool = "true or false (also 1, 0, yes, no, on, off)";
constexpr std::string_view kEnvironments = "one of development, production, test";
constexpr std::string_view kLogLevels = "one of debug, info, warning, error, off";

constexpr std::size_t kLeastSecret = 32;
constexpr std::size_t kMostSecret = 1024;

std::vector<std::string> words_of(std::string_view allowed) {
  constexpr std::string_view kStart = "one of ";
  std::vector<std::string> words;
  if (!allowed.starts_with(kStart)) return words;
  allowed.remove_prefix(kStart.size());
  while (!allowed.empty()) {
    const auto comma = std::min(allowed.find(", "), allowed.size());
    words.emplace_back(allowed.substr(0, comma));
    allowed.remove_prefix(std::min(comma + 2, allowed.size()));
  }
  return words;
}

template <auto Member, const std::string_view& Allowed>
bool assign_word(std::string_view text, Config& config) {
  if (!std::ranges::contains(words_of(Allowed), text)) return false;
  config.*Member = text;
  return true;
}

std::string home_folder() {
  if (const char* home = std::getenv("HOME"); home && *home) return home;
  const passwd* user = getpwuid(geteuid());
  return user && user->pw_dir ? user->pw_dir : "";
}

std::string default_home(const Limits&, const Config&) {
  const char* data = std::getenv("XDG_DATA_HOME");
  if (data && *data == '/') return std::string(data) + "/ara";  // the XDG rule: absolute or ignored
  const std::string home = home_folder();
  return home.empty() ? "" : home + "/.local/share/ara";
}

bool assign_home(std::string_view text, Config& config) {
  if (text.empty() || text.contains('\0')) return false;
  // Files have no shell to expand the tilde for them.
  const bool tilde = text == "~" || text.starts_with("~/");
  config.home = tilde ? home_folder() + std::string(text.substr(1)) : std::string(text);
  return !config.home.empty();
}

bool assign_host(std::string_view text, Config& config) {
  const std::string host = text == "localhost" ? "127.0.0.1" : std::string(text);
  std::array<unsigned char, sizeof(in6_addr)> address;
  if (inet_pton(AF_INET, host.c_str(), address.data()) != 1 &&
      inet_pton(AF_INET6, host.c_str(), address.data()) != 1) {
    return false;
  }
  config.host = host;
  return true;
}

bool assign_secret(std::string_view text, Config& config) {
  if (!text.empty() && (text.size() < kLeastSecret || text.size() > kMostSecret)) return false;
  config.jwt_secret = text;
  return true;
}

/// The pieces between commas, trimmed; none of an empty text.
std::vector<std::string_view> pieces_of(std::string_view text) {
  std::vector<std::string_view> pieces;
  while (!trim(text).empty()) {
    const auto comma = std::min(text.find(','), text.size());
    pieces.push_back(trim(text.substr(0, comma)));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return pieces;
}

bool assign_previous_secrets(std::string_view text, Config& config) {
  config.jwt_previous_secrets.clear();
  for (const std::string_view secret : pieces_of(text)) {
    if (secret.size() < kLeastSecret || secret.size() > kMostSecret) return false;
    config.jwt_previous_secrets.emplace_back(secret);
  }
  return true;
}

bool assign_tiers(std::string_view text, Config& config) {
  auto tiers = accounts::Tiers::parse(text);
  if (tiers) config.tiers = std::move(*tiers);
  return tiers.has_value();
}

/// An origin as browsers send it (RFC 6454, section 6.2): scheme, host and maybe port, no path.
bool is_origin(std::string_view text) {
  const auto mark = text.find("://");
  const std::string_view scheme = text.substr(0, mark);
  if (mark == std::string_view::npos || (scheme != "http" && scheme != "https")) return false;
  const std::string_view host = text.substr(mark + 3);
  return !host.empty() && std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           std::string_view(".-:[]").find(c) != std::string_view::npos;
  });
}

bool assign_origins(std::string_view text, Config& config) {
  config.cors_origins.clear();
  for (const std::string_view origin : pieces_of(text)) {
    if (!is_origin(origin) && trim(text) != "*") return false;
    config.cors_origins.emplace_back(origin);
  }
  return true;
}

bool assign_proxies(std::string_view text, Config& config) {
  config.trusted_proxies.clear();
  for (const std::string_view piece : pieces_of(text)) {
    const auto range = IpRange::parse(piece);
    if (!range) return false;
    config.trusted_proxies.push_back(*range);
  }
  return true;
}

/// A whole number of cores' worth; an event loop for a part of a core too, a worker only for whole
/// ones.
std::string default_loops(const Limits& limits, const Config&) {
  return std::to_string(static_cast<int>(std::clamp(std::ceil(limits.cores), 1.0, 64.0)));
}
std::string default_workers(const Limits& limits, const Config&) {
  return std::to_string(static_cast<int>(std::clamp(std::floor(limits.cores), 1.0, 256.0)));
}
/// A sixteenth of the memory, at most 64 MB: the default must never be what ends a small container.
std::string default_cache(const Limits& limits, const Config&) {
  const std::uint64_t sixteenth = (limits.memory_bytes >> 20) / 16;
  return std::to_string(limits.memory_bytes == 0 ? 64
                                                 : std::clamp<std::uint64_t>(sixteenth, 1, 64));
}
std::string default_docs(const Limits&, const Config& earlier) {
  return earlier.environment == "production" ? "false" : "true";
}

template <std::size_t Size>
struct Literal {
  constexpr Literal(const char (&text)[Size]) { std::copy_n(text, Size, value); }
  char value[Size];
};
template <Literal Text>
std::string fixed(const Limits&, const Config&) {
  return Text.value;
}

constexpr std::array kSettings{
    SettingRow{.name = "ARA_HOME",
               .allowed = "the path of a folder",
               .help = "Folder of the embedded store",
               .built_in = default_home,
               .assign = assign_home,
               .shared = true},
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
    SettingRow{.name = "ENABLE_DOCS",
               .allowed = kBool,
               .help = "Serve /openapi.json; off by default where ARA_ENV is production",
               .built_in = default_docs,
               .assign = assign_bool<&Config::docs>},
    SettingRow{.name = "ENABLE_METRICS",
               .allowed = kBool,
               .help = "Serve /metrics",
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
