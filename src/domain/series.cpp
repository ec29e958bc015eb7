#include "domain/series.h"

#include <array>
#include <bit>
#include <charconv>

#include "base/format.h"
#include "base/hash.h"

namespace ara::domain {
namespace {

/// The bar as seven words, every NaN made the same one and -0.0 made 0.0.
std::array<std::uint64_t, 7> words_of(const Bar& bar) {
  const auto word = [](double value) {
    return std::bit_cast<std::uint64_t>(std::isnan(value) ? Bar::kMissing : value + 0.0);
  };
  return {static_cast<std::uint64_t>(bar.time.time_since_epoch().count()),
          word(bar.open),
          word(bar.high),
          word(bar.low),
          word(bar.close),
          word(bar.adjusted_close),
          word(bar.volume)};
}

}  // namespace

bool same_bar(const Bar& a, const Bar& b) {
  return words_of(a) == words_of(b);
}

std::string to_string(const Revision& revision) {
  return ara::format("{}-{:016x}", revision.counter, revision.content);
}

std::optional<Revision> parse_revision(std::string_view text) {
  const auto dash = text.find('-');
  if (dash == std::string_view::npos || text.size() - dash != 17) return std::nullopt;
  Revision revision;
  const char* end = text.data() + text.size();
  const auto counter = std::from_chars(text.data(), text.data() + dash, revision.counter);
  const auto content = std::from_chars(text.data() + dash + 1, end, revision.content, 16);
  if (counter.ec != std::errc{} || counter.ptr != text.data() + dash || content.ec != std::errc{} ||
      content.ptr != end) {
    return std::nullopt;
  }
  return revision;
}

std::uint64_t content_of(const Bar& bar) {
  const auto words = words_of(bar);
  return stable_hash64({reinterpret_cast<const char*>(words.data()), sizeof words});
}

}  // namespace ara::domain
