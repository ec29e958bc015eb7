#include "telemetry/tracer.h"

#include <algorithm>
#include <map>

#include "base/format.h"

namespace ara::telemetry {
namespace {

/// Under a load that makes everything slow the log must not make it slower.
constexpr std::uint32_t kMostLinesASecond = 20;

double milliseconds(SteadyTime::duration span) {
  return std::chrono::duration<double, std::milli>(span).count();
}

/// The time that at least one of the spans right below the work covers.
SteadyTime::duration covered(const SpanRecord& work, const Recorded& below) {
  std::vector<std::pair<SteadyTime, SteadyTime>> parts;
  for (const SpanRecord& span : below.spans) {
    if (span.parent == SpanRecord::kRoot) {
      parts.emplace_back(std::max(span.begun, work.begun), std::min(span.ended, work.ended));
    }
  }
  std::ranges::sort(parts);
  SteadyTime::duration sum{};
  SteadyTime reached = work.begun;
  for (const auto& [begun, ended] : parts) {
    if (ended <= reached) continue;
    sum += ended - std::max(begun, reached);
    reached = ended;
  }
  return sum;
}

}  // namespace

std::vector<std::pair<std::string, double>> stages_of(const SpanRecord& work,
                                                      const Recorded& below) {
  std::vector<SteadyTime::duration> own(below.spans.size());
  for (std::size_t i = 0; i < own.size(); ++i) {
    const SpanRecord& span = below.spans[i];
    own[i] += span.ended - span.begun;
    if (span.parent != SpanRecord::kRoot) {
      own[static_cast<std::size_t>(span.parent)] -= span.ended - span.begun;
    }
  }
  std::map<std::string_view, SteadyTime::duration> sums;
  for (std::size_t i = 0; i < own.size(); ++i) {
    sums[below.spans[i].name] += std::max(own[i], SteadyTime::duration{});
  }
  std::vector<std::pair<std::string, double>> stages;
  for (const auto& [name, sum] : sums) stages.emplace_back(name, milliseconds(sum));
  std::ranges::stable_sort(stages, std::greater{}, &std::pair<std::string, double>::second);
  stages.emplace_back("rest", milliseconds(work.ended - work.begun - covered(work, below)));
  return stages;
}

Tracer::Tracer(Options options, std::shared_ptr<Metrics> metrics, const Clock& clock)
    : options_(std::move(options)), clock_(clock) {
  if (!options_.exporter.url.empty()) {
    exporter_ = std::make_unique<SpanExporter>(options_.exporter, std::move(metrics));
  }
}

TraceHead Tracer::head(std::string_view traceparent, std::string_view tracestate,
                       bool always) const {
  if (!exporting() && (!always || traceparent.empty())) return {};
  TraceHead head;
  if (const auto sent = traceparent.empty() ? std::nullopt : parse_traceparent(traceparent)) {
    head = {.own = *sent, .parent = sent->span, .state = {}};
    if (is_tracestate(tracestate)) head.state = tracestate;
  } else if (exporting()) {
    head.own = {.trace = make_trace_id(), .sampled = draw(options_.share)};
  } else {
    return {};
  }
  head.own.span = make_span_id();
  return head;
}

std::shared_ptr<Trace> Tracer::open(const TraceHead& head, std::string_view request_id) const {
  return std::make_shared<Trace>(head.own, request_id);
}

void Tracer::finish(const TraceHead& head, Trace* trace, TraceEnd end) {
  Recorded below;
  if (trace != nullptr) {
    auto recorded = trace->close(end.work.ended);
    if (!recorded) return;
    below = std::move(*recorded);
    const auto& notes = trace->notes();
    end.work.attributes.insert(end.work.attributes.end(), notes.begin(), notes.end());
  }
  if (!end.log.empty() && is_slow(end.work.ended - end.work.begun)) log_slow(head, end, below);
  if (!exporting()) return;
  exporter_->offer({.id = head.own.trace,
                    .span = head.own.span,
                    .parent = head.parent,
                    .sampled = head.own.sampled,
                    .state = std::string(head.state),
                    .work = std::move(end.work),
                    .below = std::move(below),
                    .steady = clock_.steady(),
                    .wall = clock_.now()});
}

void Tracer::log_slow(const TraceHead& head, const TraceEnd& end, const Recorded& below) {
  const auto second =
      std::chrono::floor<std::chrono::seconds>(clock_.steady().time_since_epoch()).count();
  if (log_second_.exchange(second) != second) logged_ = 0;
  if (logged_.fetch_add(1) >= kMostLinesASecond) {
    ++log_left_out_;
    return;
  }
  std::string stages = "{";
  for (const auto& [name, took] : stages_of(end.work, below)) {
    stages += ara::format("{}\"{}\":{:.3f}", stages.size() > 1 ? "," : "", name, took);
  }
  stages += "}";
  const std::string total = ara::format("{:.3f}", milliseconds(end.work.ended - end.work.begun));
  const std::string left_out = ara::format("{}", log_left_out_.exchange(0));
  const std::string id = head.own.trace ? to_hex(head.own.trace) : std::string();
  std::vector<LogField> fields = end.log;
  if (!id.empty()) fields.push_back({"trace_id", id});
  fields.push_back({"total_ms", total, true});
  fields.push_back({"stages_ms", stages, true});
  if (left_out != "0") fields.push_back({"not_logged", left_out, true});
  log(LogLevel::warning, "A slow request", fields);
}

void Tracer::stop(Deadline deadline) {
  if (exporter_) exporter_->stop(deadline);
}

}  // namespace ara::telemetry
