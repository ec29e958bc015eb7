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
               .help = "Whether API_HOST may be an address that other machines reach. There are no "
                       "accounts yet: put a proxy in front",
               .built_in = fixed<"false">,
               .assign = assign_bool<&Config::allow_public>},
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
