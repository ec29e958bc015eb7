#include "http/json.h"

#include <cstdlib>

namespace ara::http {

std::string JsonDocument::write() const {
  std::size_t size = 0;
  // A text that is not UTF-8 after all must not cost the whole document.
  const std::unique_ptr<char, decltype(&std::free)> text(
      yyjson_mut_write(doc_.get(), YYJSON_WRITE_ALLOW_INVALID_UNICODE, &size), &std::free);
  return text ? std::string(text.get(), size) : std::string();
}

}  // namespace ara::http
