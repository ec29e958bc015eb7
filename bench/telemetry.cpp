// What counting and tracing cost on the fast lane: nanoseconds per add and observe, one thread and
// several; per request that is not sampled; per span.
#include <benchmark/benchmark.h>

#include "base/clock.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"
#include "telemetry/tracer.h"

namespace {

using ara::telemetry::Metrics;

Metrics& metrics() {
  static Metrics all;
  return all;
}

void add(benchmark::State& state) {
  const auto counter = metrics().counter("ara_admission_refusals_total", {{"reason", "bench"}});
  for (auto _ : state) metrics().add(counter);
}
BENCHMARK(add)->Threads(1)->Threads(2)->UseRealTime();

void observe(benchmark::State& state) {
  const auto seconds = metrics().histogram("ara_forecast_duration_seconds");
  double duration = 20e-6;
  for (auto _ : state) {
    metrics().observe(seconds, duration);
    duration = duration < 5 ? duration * 1.7 : 20e-6;  // every bucket in turn
  }
}
BENCHMARK(observe)->Threads(1)->Threads(2)->UseRealTime();

/// As a query is timed: the clock is read twice, and what lies between observed.
void timed(benchmark::State& state) {
  const auto seconds = metrics().histogram("ara_db_pool_wait_seconds");
  for (auto _ : state) {
    const auto begun = ara::system_clock().steady();
    metrics().observe(seconds,
                      std::chrono::duration<double>(ara::system_clock().steady() - begun).count());
  }
}
BENCHMARK(timed);

/// A scrape of 530 series, near the most that there may be.
void exposition(benchmark::State& state) {
  Metrics many;
  for (int i = 0; i < 480; ++i) {
    many.add(many.counter("ara_admission_refusals_total", {{"reason", std::to_string(i)}}));
  }
  for (int i = 0; i < 50; ++i) {
    many.histogram("http_request_duration_seconds", {{"route", std::to_string(i)}});
  }
  for (auto _ : state) benchmark::DoNotOptimize(many.exposition());
}
BENCHMARK(exposition)->Unit(benchmark::kMicrosecond);

/// A line below the level is not even put together.
void log_filtered(benchmark::State& state) {
  for (auto _ : state) {
    ara::telemetry::log(ara::telemetry::LogLevel::debug, "not wanted", {{"field", "value"}});
  }
}
BENCHMARK(log_filtered);

/// A request of the fast lane, from its head to the decision that its trace is not exported; with
/// no collector, with one and no traceparent, with one and a traceparent that is not sampled.
void request(benchmark::State& state) {
  ara::telemetry::Tracer::Options options;
  options.share = 0;
  if (state.range(0) > 0) options.exporter.url = "http://127.0.0.1:1/v1/traces";
  const ara::telemetry::Tracer tracer(options, std::make_shared<Metrics>());
  const std::string_view parent =
      state.range(0) == 2 ? "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00" : "";
  const ara::SteadyTime begun = ara::system_clock().steady();
  for (auto _ : state) {
    const auto head = tracer.exporting() ? tracer.head(parent, {}) : ara::telemetry::TraceHead{};
    benchmark::DoNotOptimize(
        tracer.wants(head, ara::system_clock().steady() - begun - std::chrono::hours(1), false));
  }
}
BENCHMARK(request)->Arg(0)->Arg(1)->Arg(2);

/// A span where nothing is recorded.
void span_without_trace(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(ara::telemetry::Span("store", "last_bars"));
}
BENCHMARK(span_without_trace);

/// The record of a computed forecast: twenty spans, each with three attributes.
void trace_of_twenty_spans(benchmark::State& state) {
  for (auto _ : state) {
    const auto trace =
        std::make_shared<ara::telemetry::Trace>(ara::telemetry::TraceContext{}, "request");
    const ara::telemetry::TraceScope scope({trace});
    for (int i = 0; i < 20; ++i) {
      ara::telemetry::Span span("store", "last_bars", ara::telemetry::SpanKind::client);
      span.note("db.system.name", "sqlite");
      span.note("db.operation.name", "last_bars");
      span.note("ara.db.role", "embedded");
    }
    benchmark::DoNotOptimize(trace->close({}));
  }
}
BENCHMARK(trace_of_twenty_spans)->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
