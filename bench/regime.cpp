// A market's regimes: what the fit on five years of bars costs, and what one more bar does.
#include "models/regime.h"

#include <benchmark/benchmark.h>

#include <cmath>
#include <vector>

#include "base/rng.h"
#include "domain/quantile_function.h"

namespace {

using ara::domain::Bar;
using ara::models::Regime;
using ara::models::Sample;

/// Closes of a GARCH(1,1) process.
struct Series {
  std::vector<Bar> bars;
  std::vector<double> values;
  Sample sample() const { return {bars, values, {}}; }
};

Series made(std::uint64_t seed) {
  ara::Rng rng(seed);
  Series series;
  double value = 4.6, variance = 1e-4;
  for (int i = 0; i < 1260; ++i) {
    const double shock =
        std::sqrt(variance) * ara::domain::normal_quantile(0.0005 + 0.999 * rng.uniform());
    value += shock;
    variance = 2e-6 + 0.08 * shock * shock + 0.90 * variance;
    series.bars.push_back(
        {.time = ara::domain::Date{std::chrono::days{17000 + i}}, .close = std::exp(value)});
    series.values.push_back(value);
  }
  return series;
}

void fit(benchmark::State& state) {
  std::vector<Series> all;
  for (std::uint64_t seed = 0; seed < 20; ++seed) all.push_back(made(seed));
  std::size_t next = 0;
  for (auto _ : state) {
    auto regime = Regime::fit(all[next++ % all.size()].sample(), ara::domain::Scale::log);
    benchmark::DoNotOptimize(regime);
  }
}
BENCHMARK(fit)->Unit(benchmark::kMillisecond);

void advance(benchmark::State& state) {
  const Series series = made(1);
  auto regime = Regime::fit(series.sample(), ara::domain::Scale::log).value();
  std::size_t next = 0;
  for (auto _ : state) {
    regime.advance(series.sample()[next++ % series.bars.size()]);
    benchmark::DoNotOptimize(regime);
  }
}
BENCHMARK(advance);

}  // namespace

BENCHMARK_MAIN();
