#include "config/toml_file.h"

// Parse errors as values; the library is compiled into this one file.
#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0

#include <algorithm>
#include <toml++/toml.hpp>

#include "base/format.h"
#include "base/text.h"
#include "config/config.h"
#include "config/elsewhere.h"

namespace ara::config {
namespace {

std::unexpected<Error> unknown_key(const std::string& key, const std::string& place) {
  std::vector<std::string> keys;
  for (const SettingRow& row : settings()) keys.push_back(key_of(row.name));
  std::string message = ara::format("{}: there is no setting '{}'", place, printable(key));
  const auto kind = known_elsewhere(to_upper(key));
  const auto near = nearest(key_of(to_upper(key)), keys, 1);
  if (kind == Elsewhere::tls) {
    message += "; TLS is the proxy's, in front of ARA";
  } else if (kind == Elsewhere::unused) {
    message += " in this version";
  } else if (!near.empty()) {
    message += "; did you mean '" + near.front() + "'?";
  }
  std::string list;
  for (const std::string& name : keys) list += (list.empty() ? "" : ", ") + name;
  return std::unexpected(
      Error{Code::invalid, std::move(message), printable(key), {}, "one of " + list});
}

}  // namespace

Result<std::vector<TomlEntry>> parse_toml(std::string_view text, const std::string& path) {
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    return fail(Code::invalid, ara::format("{}:{}: {}", path, parsed.error().source().begin.line,
                                           printable(parsed.error().description(), 200)));
  }
  std::vector<TomlEntry> entries;
  for (const auto& [key, node] : parsed.table()) {
    const std::string name(key.str());
    const std::string place = ara::format("{}:{}", path, key.source().begin.line);
    const auto row = std::ranges::find_if(
        settings(), [&](const SettingRow& setting) { return key_of(setting.name) == name; });
    if (row == settings().end()) return unknown_key(name, place);
    std::string value;
    if (const auto* string = node.as_string()) {
      value = string->get();
    } else if (const auto* integer = node.as_integer()) {
      value = std::to_string(integer->get());
    } else if (const auto* boolean = node.as_boolean()) {
      value = boolean->get() ? "true" : "false";
    } else {
      auto error = invalid(row->name, "", row->allowed).error();
      error.message = ara::format("{}: {} must be {}, written as a string, an integer or a boolean",
                                  place, name, row->allowed);
      return std::unexpected(std::move(error));
    }
    entries.push_back({std::string(row->name), std::move(value), place});
  }
  return entries;
}

}  // namespace ara::config
