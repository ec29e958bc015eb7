#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ara::config {

/// Where a setting's value came from; an earlier one overrides a later one.
enum class Source { flag, environment, dotenv, file, built_in };
std::string_view to_string(Source source);

/// One row per setting in settings.cpp: its name there is its environment variable.
struct SettingRow {
  std::string_view name;     ///< e.g. "API_PORT"; the flag is --api-port, the ara.toml key api_port
  std::string_view allowed;  ///< in words, e.g. "an integer from 1 to 65535"
  std::string_view help;
  bool secret = false;       ///< never shown
};
std::span<const SettingRow> settings();

/// A setting's value, its source, and for files the place, e.g. "./.env:3".
struct Shown {
  std::string_view name;
  std::string value;
  Source source = Source::built_in;
  std::string place;
};

/// All settings, checked. Each one is used somewhere, or it does not exist.
struct Config {
  std::string home;  ///< ARA_HOME: holds ara.db
  std::string environment = "development";  ///< ARA_ENV
  std::string log_level = "info";           ///< ARA_LOG_LEVEL
  std::string host = "127.0.0.1";           ///< API_HOST
  std::uint16_t port = 8000;                ///< API_PORT
  unsigned api_workers = 1;                 ///< API_WORKERS: event loops
  unsigned max_workers = 1;                 ///< MAX_WORKERS: slow lane
  std::uint64_t cache_size_mb = 64;         ///< CACHE_SIZE_MB: one budget for the process
  std::uint32_t cache_ttl_seconds = 300;    ///< CACHE_TTL_SECONDS
  std::uint32_t request_deadline_ms = 5000; ///< REQUEST_DEADLINE_MS
  bool docs = true;                         ///< ENABLE_DOCS
  bool metrics = true;                      ///< ENABLE_METRICS

  std::vector<Shown> shown;  ///< in the order of settings()

  std::string database_path() const { return home + "/ara.db"; }
};

/// What the machine, or the container it is in, allows (cgroup v1 and v2 limits over /proc).
struct Limits {
  double cores = 1;
  std::uint64_t memory_bytes = 0;
};
/// `root` is prepended to /proc and /sys/fs/cgroup, for tests.
Limits read_limits(const std::string& root = "");

/// Reads flags (name -> text, from the command line), the environment, `.env` and `ara.toml` in
/// `directory`, in that order of precedence. The first bad value is an error naming its field and
/// place; an unknown key in ara.toml is an error that suggests the nearest.
Result<Config> load(const std::map<std::string, std::string>& flags, const std::string& directory,
                    const Limits& limits);

}  // namespace ara::config
