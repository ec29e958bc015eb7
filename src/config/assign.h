#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "config/config.h"

/// How the rows of the table of settings read their texts, and what stands where nothing is set.
namespace ara::config {

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

inline constexpr std::string_view kBool = "true or false (also 1, 0, yes, no, on, off)";
inline constexpr std::string_view kEnvironments = "one of development, production, test";
inline constexpr std::string_view kLogLevels = "one of debug, info, warning, error, off";

inline std::vector<std::string> words_of(std::string_view allowed) {
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

/// The hosts of a list with commas between; nothing where one is none.
std::optional<std::vector<HostPort>> hosts_of(std::string_view text);

/// The name of a database or role: letters, digits, and _ $ - . @ between.
bool is_database_name(std::string_view text);

template <auto Member>
bool assign_database_name(std::string_view text, Config& config) {
  if (!is_database_name(text)) return false;
  config.*Member = text;
  return true;
}

/// A password that another server asks of us: what can be typed, without spaces.
template <auto Member>
bool assign_password(std::string_view text, Config& config) {
  const auto fits = [](char c) { return c > ' ' && c < 0x7F; };
  if (text.size() > 1024 || !std::ranges::all_of(text, fits)) return false;
  config.*Member = text;
  return true;
}

/// Names or addresses of hosts, each maybe with a port; an IPv6 address in brackets.
template <auto Member>
bool assign_hosts(std::string_view text, Config& config) {
  auto hosts = hosts_of(text);
  if (!hosts) return false;
  config.*Member = std::move(*hosts);
  return true;
}

/// A number from 0 to 1.
template <auto Member>
bool assign_share(std::string_view text, Config& config) {
  const auto value = parse_double(text);
  if (!value || !(*value >= 0) || !(*value <= 1)) return false;
  config.*Member = *value;
  return true;
}

// Of single settings.
std::string default_home(const Limits& limits, const Config& earlier);
bool assign_home(std::string_view text, Config& config);
bool assign_host(std::string_view text, Config& config);
bool assign_secret(std::string_view text, Config& config);
bool assign_previous_secrets(std::string_view text, Config& config);
bool assign_tiers(std::string_view text, Config& config);
bool assign_origins(std::string_view text, Config& config);
bool assign_proxies(std::string_view text, Config& config);
bool assign_otlp_endpoint(std::string_view text, Config& config);
std::string default_loops(const Limits& limits, const Config& earlier);
std::string default_workers(const Limits& limits, const Config& earlier);
std::string default_cache(const Limits& limits, const Config& earlier);
std::string default_docs(const Limits& limits, const Config& earlier);

template <std::size_t Size>
struct Literal {
  constexpr Literal(const char (&text)[Size]) { std::copy_n(text, Size, value); }
  char value[Size];
};
template <Literal Text>
std::string fixed(const Limits&, const Config&) {
  return Text.value;
}

}  // namespace ara::config
