// What counting costs on the fast lane: nanoseconds per add and observe, one thread and several.
#include <benchmark/benchmark.h>

#include "base/clock.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

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

}  // namespace

BENCHMARK_MAIN();
