#include "ingest/rows.h"

#include <cstring>

#include "base/text.h"

namespace ara::ingest {

std::optional<std::string_view> Lines::next() {
  if (rest_.empty()) return std::nullopt;
  const void* const found = std::memchr(rest_.data(), '\n', rest_.size());
  const std::size_t length =
      found == nullptr ? rest_.size()
                       : static_cast<std::size_t>(static_cast<const char*>(found) - rest_.data());
  std::string_view line = rest_.substr(0, length);
  rest_.remove_prefix(found == nullptr ? length : length + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  ++number_;
  return line;
}

bool Cells::split(std::string_view line, char delimiter) {
  size_ = 0;
  const char* at = line.data();
  const char* const end = at + line.size();
  while (true) {
    if (size_ == kMax) return false;
    const char* const start = at;
    if (at != end && *at == '"') {
      const char* close = ++at;
      while (close != end && !(*close == '"' && (close + 1 == end || close[1] == delimiter))) {
        ++close;
      }
      if (close == end) return false;
      cells_[size_++] = {start + 1, static_cast<std::size_t>(close - start - 1)};
      at = close + 1;
    } else {
      while (at != end && *at != delimiter) ++at;
      std::string_view cell{start, static_cast<std::size_t>(at - start)};
      if (!cell.empty() && (cell.front() == ' ' || cell.back() == ' ')) cell = trim(cell);
      cells_[size_++] = cell;
    }
    if (at == end) return true;
    ++at;
  }
}

}  // namespace ara::ingest
