#pragma once

#include <format>
#include <string>
#include <string_view>

namespace ara {

/// What std::vformat gives. Its body, which std::format puts into every file that calls it, is
/// compiled here alone: that is 2 to 3 seconds of compiling for each such file.
std::string vformat(std::string_view format, std::format_args args);

/// What std::format gives, checked when compiled as there. To be called as ara::format: an argument
/// from std makes the bare name ambiguous.
template <class... Args>
std::string format(std::format_string<Args...> format, Args&&... args) {
  return ara::vformat(format.get(), std::make_format_args(args...));
}

}  // namespace ara
