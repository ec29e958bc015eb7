#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ara::config {

/// One assignment in a `.env` file.
struct DotenvEntry {
  std::string name;
  std::string value;
  int line = 0;
};

/// Reads KEY=VALUE lines. `export` before a name, blank lines and # comments are skipped; a # after
/// an unquoted value starts a comment where a space precedes it. 'single' quotes keep every
/// character, "double" quotes know \n \r \t \" \\ and \$; both may span lines. Nothing is expanded.
/// `place` names the file in errors, which never show a value: it may be a secret.
Result<std::vector<DotenvEntry>> parse_dotenv(std::string_view text, std::string_view place);

}  // namespace ara::config
