#include "base/format.h"

namespace ara {

std::string vformat(std::string_view format, std::format_args args) {
  return std::vformat(format, args);
}

}  // namespace ara
