// The numbers of fields are those of opentelemetry-proto 1.5; docs/adr/0012 says why they are
// written by hand.
#include "telemetry/otlp.h"

#include <bit>
#include <cstdint>

namespace ara::telemetry {
namespace {

constexpr std::uint32_t kHasRemoteFlag = 0x100, kRemoteFlag = 0x200;
constexpr std::uint64_t kStatusError = 2;

/// Fields of a protobuf message.
class Message {
 public:
  Message& number(unsigned field, std::uint64_t value) {
    tag(field, kVarint);
    varint(value);
    return *this;
  }
  Message& fixed64(unsigned field, std::uint64_t value) {
    tag(field, kFixed64);
    little_endian(value, 8);
    return *this;
  }
  Message& fixed32(unsigned field, std::uint32_t value) {
    tag(field, kFixed32);
    little_endian(value, 4);
    return *this;
  }
  Message& text(unsigned field, std::string_view value) {
    tag(field, kBytes);
    varint(value.size());
    bytes_ += value;
    return *this;
  }
  Message& message(unsigned field, const Message& value) { return text(field, value.bytes_); }

  const std::string& bytes() const { return bytes_; }

 private:
  enum Wire : std::uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

  void tag(unsigned field, Wire wire) { varint(field << 3 | wire); }
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
    bytes_ += static_cast<char>(value);
  }
  void little_endian(std::uint64_t value, int count) {
    for (int i = 0; i < count; ++i) bytes_ += static_cast<char>(value >> 8 * i);
  }

  std::string bytes_;
};

/// As ids stand in traces: the highest byte first.
std::string big_endian(std::uint64_t value) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift);
  return bytes;
}

Message key_value(std::string_view key, std::string_view text) {
  return Message().text(1, key).message(2, Message().text(1, text));
}

Message key_value(const Attribute& attribute) {
  if (const auto* number = std::get_if<std::int64_t>(&attribute.second)) {
    return Message()
        .text(1, attribute.first)
        .message(2, Message().number(3, std::bit_cast<std::uint64_t>(*number)));
  }
  return key_value(attribute.first, std::get<std::string>(attribute.second));
}

/// Nanoseconds since the Unix epoch.
std::uint64_t unix_nanoseconds(const FinishedTrace& trace, SteadyTime at) {
  const auto wall = std::chrono::nanoseconds(trace.wall.time_since_epoch());
  return static_cast<std::uint64_t>((wall + (at - trace.steady)).count());
}

Message encode_span(const FinishedTrace& trace, const SpanRecord& record, std::uint64_t id,
                    std::uint64_t parent) {
  const bool root = &record == &trace.work;
  Message span;
  span.text(1, big_endian(trace.id.high) + big_endian(trace.id.low)).text(2, big_endian(id));
  if (!trace.state.empty()) span.text(3, trace.state);
  if (parent != 0) span.text(4, big_endian(parent));
  span.text(5, record.name)
      .number(6, static_cast<std::uint64_t>(record.kind))
      .fixed64(7, unix_nanoseconds(trace, record.begun))
      .fixed64(8, unix_nanoseconds(trace, record.ended));
  for (const Attribute& attribute : record.attributes) span.message(9, key_value(attribute));
  if (root && trace.below.left_out > 0) {
    span.message(
        9, key_value({"ara.spans.left_out", static_cast<std::int64_t>(trace.below.left_out)}));
  }
  if (!record.error.empty()) {
    span.message(15, Message().text(2, record.error).number(3, kStatusError));
  }
  span.fixed32(
      16, (trace.sampled ? 1U : 0U) | kHasRemoteFlag | (root && parent != 0 ? kRemoteFlag : 0U));
  return span;
}

void add_spans(Message& scope, const FinishedTrace& trace) {
  scope.message(2, encode_span(trace, trace.work, trace.span, trace.parent));
  std::vector<std::uint64_t> ids;
  ids.reserve(trace.below.spans.size());
  for (const SpanRecord& record : trace.below.spans) {
    const bool top = record.parent == SpanRecord::kRoot;
    const std::uint64_t parent = top ? trace.span : ids[static_cast<std::size_t>(record.parent)];
    ids.push_back(make_span_id());
    scope.message(2, encode_span(trace, record, ids.back(), parent));
  }
}

}  // namespace

std::string encode_otlp(const Resource& resource, std::string_view version,
                        std::span<const FinishedTrace> traces) {
  Message attributes;
  for (const auto& [key, value] : resource) attributes.message(1, key_value(key, value));
  Message scope;
  scope.message(1, Message().text(1, "ara").text(2, version));
  for (const FinishedTrace& trace : traces) add_spans(scope, trace);
  return Message().message(1, Message().message(1, attributes).message(2, scope)).bytes();
}

}  // namespace ara::telemetry
