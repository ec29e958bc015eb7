// `traceparent` and `tracestate` as a client may send them. What is taken is written again as it
// came, and nothing that is passed on could end a header line or hold more than the standard
// allows.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "telemetry/trace_context.h"

namespace {

using namespace ara::telemetry;

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto context = parse_traceparent(text)) {
    require(context->trace && context->span != 0);
    const std::string written = to_traceparent(*context);
    require(written.size() == 55 && parse_traceparent(written) == context);
    // But for the version, flags that are not known here, and what a later version adds.
    require(text.substr(3, 50) == std::string_view(written).substr(3, 50));
    require(text.size() == 55 || (!text.starts_with("00") && text[55] == '-'));
  }
  // The shortest way in: a right beginning.
  const std::string grafted =
      "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-" + std::string(text);
  require(parse_traceparent(grafted).has_value() ==
          (text.size() == 2 && text.find_first_not_of("0123456789abcdef") == text.npos));

  if (is_tracestate(text)) {
    require(size <= 512 && std::ranges::count(text, '=') <= 32);
    require(std::ranges::all_of(text, [](char c) { return c == '\t' || (c >= ' ' && c <= '~'); }));
    // Once more is once too often: no key stands twice.
    require(!is_tracestate(std::string(text) + "," + std::string(text)));
  }
  return 0;
}
