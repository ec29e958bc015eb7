// What the 44 features of one more bar cost: a whole bar, and one that holds only a close.
#include "features/features.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/rng.h"

namespace {

using ara::domain::Bar;

std::vector<Bar> walk(bool whole) {
  ara::Rng rng(1);
  std::vector<Bar> bars(4096);
  double close = 100;
  for (Bar& bar : bars) {
    close *= std::exp(0.04 * (rng.uniform() - 0.5));
    bar.close = close;
    if (!whole) continue;
    bar.open = close * std::exp(0.01 * (rng.uniform() - 0.5));
    bar.high = std::max(bar.open, close) * std::exp(0.01 * rng.uniform());
    bar.low = std::min(bar.open, close) * std::exp(-0.01 * rng.uniform());
    bar.volume = 1e6 * (0.5 + rng.uniform());
  }
  return bars;
}

void update(benchmark::State& state) {
  const auto bars = walk(state.range(0) == 1);
  ara::features::FeatureState features;
  std::size_t next = 0;
  for (auto _ : state) {
    auto values = features.update(bars[next++ % bars.size()]);
    benchmark::DoNotOptimize(values);
  }
  state.SetLabel(state.range(0) == 1 ? "whole bar" : "close only");
}
BENCHMARK(update)->Arg(1)->Arg(0);

}  // namespace

BENCHMARK_MAIN();
