#include "telemetry/trace.h"

namespace ara::telemetry {
namespace {

/// Of the innermost TraceScope of this thread.
constinit thread_local TracePlace* current = nullptr;

constexpr std::size_t kUsualSpans = 24;

}  // namespace

Trace::Trace(const TraceContext& context, std::string_view request_id)
    : context_(context), request_id_(request_id) {
  recorded_.spans.reserve(kUsualSpans);
}

std::optional<int> Trace::begin(SpanRecord span) {
  const std::lock_guard lock(mutex_);
  if (closed_) return std::nullopt;
  if (recorded_.spans.size() == kMostSpans) {
    ++recorded_.left_out;
    return std::nullopt;
  }
  recorded_.spans.push_back(std::move(span));
  return static_cast<int>(recorded_.spans.size()) - 1;
}

void Trace::end(int span, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  if (!closed_) recorded_.spans[static_cast<std::size_t>(span)].ended = now;
}

void Trace::note(int span, Attribute attribute) {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  auto& attributes = span == SpanRecord::kRoot
                         ? notes_
                         : recorded_.spans[static_cast<std::size_t>(span)].attributes;
  for (Attribute& known : attributes) {
    if (known.first == attribute.first) {
      known.second = std::move(attribute.second);
      return;
    }
  }
  attributes.push_back(std::move(attribute));
}

void Trace::fail(int span, std::string_view error) {
  const std::lock_guard lock(mutex_);
  if (!closed_) recorded_.spans[static_cast<std::size_t>(span)].error = error;
}

std::optional<Recorded> Trace::close(SteadyTime now) {
  const std::lock_guard lock(mutex_);
  if (closed_) return std::nullopt;
  closed_ = true;
  for (SpanRecord& span : recorded_.spans) {
    if (span.ended == SteadyTime::max()) span.ended = now;
  }
  return std::move(recorded_);
}

TracePlace trace_place() {
  return current == nullptr ? TracePlace{} : *current;
}

const Trace* current_trace() {
  return current == nullptr ? nullptr : current->trace.get();
}

TraceScope::TraceScope(TracePlace place) : place_(std::move(place)), before_(current) {
  current = &place_;
}

TraceScope::~TraceScope() {
  current = before_;
}

Span::Span(std::string_view group, std::string_view name, SpanKind kind) {
  if (current == nullptr || !current->trace) return;
  before_ = current->span;
  std::string whole(group);
  if (!name.empty()) whole.append(" ").append(name);
  const auto begun = current->trace->begin({.name = std::move(whole),
                                            .kind = kind,
                                            .parent = before_,
                                            .begun = system_clock().steady(),
                                            .error = {},
                                            .attributes = {}});
  if (!begun) return;
  trace_ = current->trace.get();
  span_ = *begun;
  current->span = span_;
}

Span::~Span() {
  if (trace_ == nullptr) return;
  trace_->end(span_, system_clock().steady());
  current->span = before_;
}

void Span::note(std::string_view key, std::string_view text) {
  if (trace_ != nullptr) trace_->note(span_, {key, std::string(text)});
}

void Span::note(std::string_view key, std::int64_t number) {
  if (trace_ != nullptr) trace_->note(span_, {key, number});
}

void Span::fail(std::string_view error) {
  if (trace_ != nullptr) trace_->fail(span_, error);
}

void note_span(std::string_view key, std::string_view text) {
  if (current == nullptr || !current->trace) return;
  current->trace->note(current->span, {key, std::string(text)});
}

void record_span(std::string_view name, SteadyTime begun, SteadyTime ended) {
  if (current == nullptr || !current->trace) return;
  (void)current->trace->begin({.name = std::string(name),
                               .parent = current->span,
                               .begun = begun,
                               .ended = ended,
                               .error = {},
                               .attributes = {}});
}

void record_wait(std::string_view name) {
  record_span(name, system_clock().steady(), SteadyTime::max());
}

}  // namespace ara::telemetry
