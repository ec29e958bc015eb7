#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ara::config {

/// One key of ara.toml, as the setting it stands for.
struct TomlEntry {
  std::string setting;  ///< e.g. "API_PORT"
  std::string value;    ///< as text
  std::string place;    ///< e.g. "./ara.toml:3"
};

/// Reads an ara.toml: flat keys (key_of of a setting), each a string, an integer or a boolean.
/// `path` names the file in errors. An unknown key is an error that suggests the nearest.
Result<std::vector<TomlEntry>> parse_toml(std::string_view text, const std::string& path);

}  // namespace ara::config
