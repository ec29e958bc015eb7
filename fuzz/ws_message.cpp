// What a WebSocket client may send: frames, and the JSON within. Whatever the bytes, and in
// whatever pieces they come, reading them ends with messages within the limit or with a reason to
// close, the same for any pieces; a text that is no message of the contract is refused by field.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "streams/frame.h"
#include "streams/message.h"

namespace {

using namespace ara;

constexpr std::size_t kLimit = 512;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Heard {
  std::vector<streams::WireMessage> messages;
  std::optional<streams::CloseReason> end;
};

Heard hear(std::string_view bytes, std::size_t step) {
  Heard heard;
  streams::FrameReader reader(kLimit);
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, step);
    bytes.remove_prefix(piece.size());
    reader.feed(piece);
    for (;;) {
      auto message = reader.next();
      if (!message) {
        heard.end = message.error();
        return heard;
      }
      if (!*message) break;
      require((*message)->payload.size() <= kLimit);
      heard.messages.push_back(std::move(**message));
    }
  }
  return heard;
}

void check_text(std::string_view text) {
  const auto message = streams::parse_message(text);
  if (!message) {
    require(message.error().code == Code::invalid && !message.error().field.empty());
    const std::string answer = streams::error_text(message.error(), WallTime{});
    for (std::string_view rest = answer; !rest.empty();) {
      const std::size_t length = utf8_length(rest);
      require(length > 0 && static_cast<unsigned char>(rest[0]) >= 0x20);
      rest.remove_prefix(length);
    }
    return;
  }
  if (const auto* alerts = std::get_if<streams::ConfigureAlerts>(&*message)) {
    require(alerts->rules.size() <= streams::ConfigureAlerts::kMost);
    // What is answered is itself a message of the contract, and means the same.
    std::string list;
    for (const streams::AlertRule& rule : alerts->rules) {
      list += (list.empty() ? "" : ",") + streams::to_json(rule);
    }
    const auto again =
        streams::parse_message(R"({"type":"configure_alerts","config":{"alerts":[)" + list + "]}}");
    require(again.has_value());
    const auto& same = std::get<streams::ConfigureAlerts>(*again).rules;
    require(std::ranges::equal(same, alerts->rules, [](const auto& a, const auto& b) {
      return a.symbol == b.symbol && a.metric == b.metric && a.condition == b.condition &&
             a.threshold == b.threshold;
    }));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Heard whole = hear(bytes, std::max<std::size_t>(size, 1));
  const Heard pieces = hear(bytes, 1);
  require(whole.end == pieces.end && whole.messages.size() == pieces.messages.size());
  for (std::size_t i = 0; i < whole.messages.size(); ++i) {
    require(whole.messages[i].opcode == pieces.messages[i].opcode);
    require(whole.messages[i].payload == pieces.messages[i].payload);
    if (whole.messages[i].opcode == streams::Opcode::text) check_text(whole.messages[i].payload);
  }
  check_text(bytes);
  return 0;
}
