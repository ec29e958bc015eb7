#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "base/result.h"

namespace ara::cli {

/// A script that teaches a shell ("bash", "zsh" or "fish") to complete the commands, options and
/// words of `app`; symbols are asked from `ara symbols --names` when they are needed.
Result<std::string> completion_script(const CLI::App& app, std::string_view shell);

}  // namespace ara::cli
