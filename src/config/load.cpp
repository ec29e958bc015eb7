#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <utility>

#include "base/format.h"
#include "base/text.h"
#include "config/config.h"
#include "config/dotenv.h"
#include "config/elsewhere.h"
#include "config/toml_file.h"

namespace ara::config {
namespace {

/// A value with where it came from.
struct Given {
  std::string text;
  Source source;
  std::string place;
};
using Values = std::map<std::string, Given>;

/// The text of a file, nothing if there is none.
Result<std::optional<std::string>> read_file(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    return fail(Code::io, "Cannot read " + path + ": " + std::strerror(errno));
  }
  std::string text;
  std::array<char, 4096> block;
  while (file.read(block.data(), block.size()) || file.gcount() > 0) {
    text.append(block.data(), static_cast<std::size_t>(file.gcount()));
  }
  if (file.bad()) return fail(Code::io, "Cannot read " + path + ": " + std::strerror(errno));
  return text;
}

Result<Values> read_dotenv(const std::string& path) {
  const auto text = read_file(path);
  if (!text) return std::unexpected(text.error());
  Values values;
  if (!*text) return values;
  auto entries = parse_dotenv(**text, path);
  if (!entries) return std::unexpected(std::move(entries.error()));
  for (DotenvEntry& entry : *entries) {  // as in a shell, the last assignment counts
    values.insert_or_assign(std::move(entry.name), Given{std::move(entry.value), Source::dotenv,
                                                         ara::format("{}:{}", path, entry.line)});
  }
  return values;
}

Result<Values> read_toml(const std::string& path) {
  const auto text = read_file(path);
  if (!text) return std::unexpected(text.error());
  Values values;
  if (!*text) return values;
  auto entries = parse_toml(**text, path);
  if (!entries) return std::unexpected(std::move(entries.error()));
  for (TomlEntry& entry : *entries) {
    values.emplace(std::move(entry.setting),
                   Given{std::move(entry.value), Source::file, std::move(entry.place)});
  }
  return values;
}

std::string from_words(const SettingRow& row, const Given& given) {
  switch (given.source) {
    case Source::flag:
      return "given by the flag --" + flags_of(row).substr(2, flags_of(row).find(',') - 2);
    case Source::environment:
      return "given by the environment";
    case Source::dotenv:
    case Source::file:
      return "given in " + given.place;
    case Source::built_in:
      break;
  }
  return "the built-in value";
}

std::unexpected<Error> not_allowed(const SettingRow& row, const Given& given) {
  auto error = invalid(row.name, shown_value(row, given.text), row.allowed).error();
  error.message += " (" + from_words(row, given) + ")";
  return std::unexpected(std::move(error));
}

/// A node that may have fewer than kLeastConnections cannot work, and one that took more than its
/// part would break the budget: PostgreSQL would refuse connections under load, to any node.
Result<void> check_connections(const Config& config) {
  const std::uint64_t least = std::uint64_t{Config::kLeastConnections} * config.fleet_nodes;
  if (config.postgres_hosts.empty() || config.postgres_connections >= least) return {};
  return invalid("POSTGRES_CONNECTIONS", std::to_string(config.postgres_connections),
                 ara::format("{} or more: {} for each of {} nodes, by FLEET_NODES", least,
                             Config::kLeastConnections, config.fleet_nodes));
}

/// What is set in the environment or `.env` under a name that other versions or the original know.
void note_unused(const Values& dotenv, Config& config) {
  const auto look = [&](std::string_view name) {
    const auto kind = known_elsewhere(name);
    if (!kind) return;
    auto& names = *kind == Elsewhere::tls ? config.tls : config.unused;
    if (!std::ranges::contains(names, name)) names.emplace_back(name);
  };
  for (char** variable = environ; variable && *variable; ++variable) {
    const std::string_view text = *variable;
    const auto equals = text.find('=');
    if (equals != std::string_view::npos && equals + 1 < text.size()) look(text.substr(0, equals));
  }
  for (const auto& [name, given] : dotenv) {
    if (!given.text.empty()) look(name);
  }
  std::ranges::sort(config.unused);
  std::ranges::sort(config.tls);
}

}  // namespace

std::string_view to_string(Source source) {
  switch (source) {
    case Source::flag:
      return "flag";
    case Source::environment:
      return "environment";
    case Source::dotenv:
      return ".env";
    case Source::file:
      return "ara.toml";
    case Source::built_in:
      return "built-in";
  }
  std::unreachable();
}

Result<Config> load(const std::map<std::string, std::string>& flags, const std::string& directory,
                    const Limits& limits) {
  const auto dotenv = read_dotenv(directory + "/.env");
  if (!dotenv) return std::unexpected(dotenv.error());
  const auto toml = read_toml(directory + "/ara.toml");
  if (!toml) return std::unexpected(toml.error());

  Config config;
  for (const SettingRow& row : settings()) {
    const std::string name(row.name);
    const auto choose = [&]() -> Given {
      if (const auto flag = flags.find(name); flag != flags.end()) {
        return {flag->second, Source::flag, ""};
      }
      if (const char* text = std::getenv(name.c_str()); text && *text) {
        return {text, Source::environment, ""};
      }
      if (const auto found = dotenv->find(name);
          found != dotenv->end() && !found->second.text.empty()) {
        return found->second;
      }
      if (const auto found = toml->find(name); found != toml->end()) return found->second;
      return {row.built_in(limits, config), Source::built_in, ""};
    };
    const Given given = choose();
    if (!row.assign(given.text, config)) return not_allowed(row, given);
    if (row.name == "CACHE_SIZE_MB" && limits.memory_bytes != 0 &&
        config.cache_size_mb > (limits.memory_bytes >> 20)) {
      return not_allowed(row, given);
    }
    config.shown.push_back({row.name, shown_value(row, given.text), given.source, given.place});
  }
  if (auto enough = check_connections(config); !enough) {
    return std::unexpected(std::move(enough.error()));
  }
  note_unused(*dotenv, config);
  return config;
}

std::string template_file(const Limits& limits) {
  std::string out =
      "# Settings of ARA. Flags, environment variables (API_PORT) and .env override this file.\n"
      "# Every line shows its built-in value: remove the # to change it.\n";
  const Config none;
  for (const SettingRow& row : settings()) {
    const std::string value = row.built_in(limits, none);
    const bool bare = value == "true" || value == "false" || parse_integer(value);
    out += ara::format("\n# {}.\n# {}: {}\n# {} = {}\n", row.help, row.name, row.allowed,
                       key_of(row.name), bare ? value : '"' + value + '"');
  }
  return out;
}

}  // namespace ara::config
