// From 1,260 raw bars, nothing fitted before, to an encoded 7-day forecast: latency on one core at
// each analysis level, throughput over different symbols on two threads at the level basic. Uses
// the equities of $ARA_SHARED, or series made by a GARCH process where there are none. The answers
// are checked before they are timed.
#include <sched.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/rng.h"
#include "ingest/parse.h"
#include "models/model.h"
#include "serve/encode.h"
#include "serve/forecaster.h"

namespace ara {
namespace {

constexpr int kHorizon = 7;
constexpr int kRounds = 2000;  ///< timed calls of one model
constexpr int kWarmUp = 50;
constexpr int kRate = 3;            ///< seconds of throughput
constexpr double kRateLimit = 800;  ///< symbols a second on two threads

/// Microseconds that the median of a whole forecast may take.
struct Level {
  domain::AnalysisLevel level;
  double limit;
  int rounds;
};
constexpr std::array kLevels{Level{domain::AnalysisLevel::basic, 2000, 2000},
                             Level{domain::AnalysisLevel::standard, 10000, 500},
                             Level{domain::AnalysisLevel::full, 100000, 100}};

using Clock = std::chrono::steady_clock;

double microseconds(Clock::duration span) {
  return std::chrono::duration<double, std::micro>(span).count();
}

domain::Series newest(const domain::Symbol& symbol, std::vector<domain::Bar> bars) {
  bars.erase(bars.begin(), bars.end() - static_cast<std::ptrdiff_t>(registry::kHistory));
  domain::Series series{.symbol = symbol, .revision = {}, .bars = std::move(bars)};
  series.revision.counter = 1;
  for (const domain::Bar& bar : series.bars) series.revision.content += domain::content_of(bar);
  return series;
}

std::vector<domain::Series> real_series() {
  const char* shared = std::getenv("ARA_SHARED");
  const std::filesystem::path folder =
      std::filesystem::path(shared ? shared : "../shared") / "data/equities";
  std::vector<domain::Series> all;
  std::error_code absent;
  for (const auto& entry : std::filesystem::directory_iterator(folder, absent)) {
    std::ifstream file(entry.path());
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const auto symbol = domain::Symbol::parse(entry.path().stem().string());
    if (!symbol) continue;
    ingest::Options options;
    options.symbol = *symbol;
    auto parsed = ingest::parse_csv(text, options);
    if (!parsed || parsed->series.empty()) continue;
    if (parsed->series[0].bars.size() < registry::kHistory) continue;
    all.push_back(newest(*symbol, std::move(parsed->series[0].bars)));
  }
  std::ranges::sort(all, {}, [](const domain::Series& one) { return one.symbol.text(); });
  return all;
}

/// One hundred series of GARCH(1,1) returns with heavy-tailed errors.
std::vector<domain::Series> made_series() {
  std::vector<domain::Series> all;
  for (std::uint64_t number = 0; number < 100; ++number) {
    Rng rng(number);
    std::vector<domain::Bar> bars(registry::kHistory);
    double value = 4.6, variance = 1e-4;
    domain::Date day = domain::Date{std::chrono::days{17000}};
    for (domain::Bar& bar : bars) {
      const double normal = domain::normal_quantile(0.0005 + 0.999 * rng.uniform());
      const double shock = std::sqrt(variance) * 0.67 * normal * (1 + 0.15 * normal * normal);
      value += 3e-4 + shock;
      variance = 2e-6 + 0.08 * shock * shock + 0.90 * variance;
      bar.time = day;
      bar.close = std::exp(value);
      day += std::chrono::days{1};
    }
    all.push_back(newest(*domain::Symbol::parse("MADE" + std::to_string(number)), std::move(bars)));
  }
  return all;
}

domain::ForecastKey key_of(const domain::Series& series,
                           domain::AnalysisLevel level = domain::AnalysisLevel::standard) {
  return {.symbol = series.symbol,
          .horizon = kHorizon,
          .level = level,
          .model_version = serve::built_in().version,
          .encoding_version = serve::kEncodingVersion,
          .revision = series.revision};
}

std::string whole(const domain::Series& series,
                  domain::AnalysisLevel level = domain::AnalysisLevel::basic) {
  const auto key = key_of(series, level);
  return serve::encode(serve::make_forecast(key, series, *serve::built_in().row, {}).value());
}

/// What is wrong with the forecast of a series, if anything.
std::optional<std::string> fault_of(const domain::Series& series) {
  const auto forecast = serve::make_forecast(key_of(series), series, *serve::built_in().row, {});
  if (!forecast) return forecast.error().message;
  if (forecast->days.size() != kHorizon) return "not as many days as asked for";
  domain::Date last = forecast->as_of;
  for (const auto& day : forecast->days) {
    const auto& values = day.change.values();
    if (!std::ranges::all_of(values, [](double x) { return std::isfinite(x); }))
      return "not finite";
    if (!std::ranges::is_sorted(values)) return "quantiles cross";
    if (!(values.front() < 0 && values.back() > 0)) return "a distribution on one side of zero";
    if (!(day.volatility > 1e-4 && day.volatility < 1)) return "an absurd volatility";
    if (day.date <= last) return "days out of order";
    last = day.date;
  }
  if (whole(series) != whole(series)) return "two calls gave different bytes";
  return std::nullopt;
}

/// What this thread has computed so far, in microseconds: blind to what else the machine does.
double computed() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

struct Quantiles {
  double p50, p99;
};

Quantiles quantiles_of(std::vector<double>& taken) {
  std::ranges::sort(taken);
  return {taken[taken.size() / 2], taken[taken.size() * 99 / 100]};
}

/// Measures `call`, given one series after the other, and prints a row of the table. Gives the
/// latency.
Quantiles measure(const std::string& name, const std::vector<domain::Series>& all,
                  const std::function<void(const domain::Series&)>& call, int rounds = kRounds) {
  std::vector<double> elapsed, cpu;
  for (int i = -kWarmUp; i < rounds; ++i) {
    const auto& series = all[static_cast<std::size_t>(i + kWarmUp) % all.size()];
    const auto start = Clock::now();
    const double before = computed();
    call(series);
    const double after = computed();
    if (i < 0) continue;
    elapsed.push_back(microseconds(Clock::now() - start));
    cpu.push_back(after - before);
  }
  const Quantiles latency = quantiles_of(elapsed);
  const Quantiles work = quantiles_of(cpu);
  std::printf("%-32s %9.0f %9.0f %12.0f %9.0f\n", name.c_str(), latency.p50, latency.p99, work.p50,
              work.p99);
  return latency;
}

/// On this thread, from now on; the kernel may refuse, then the scheduler chooses.
void stay_on_core(int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(static_cast<unsigned>(core), &cores);
  if (sched_setaffinity(0, sizeof cores, &cores) != 0) std::puts("  (not pinned to one core)");
}

/// Forecasts a second over all series, one after the other, on two threads.
double rate(const std::vector<domain::Series>& all) {
  std::atomic<std::size_t> next = 0;
  std::atomic<bool> stop = false;
  const auto start = Clock::now();
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 2; ++i) {
      threads.emplace_back([&] {
        while (!stop) (void)whole(all[next++ % all.size()]);
      });
    }
    std::this_thread::sleep_for(std::chrono::seconds(kRate));
    stop = true;
  }
  return static_cast<double>(next) / (microseconds(Clock::now() - start) / 1e6);
}

int run() {
  std::vector<domain::Series> all = real_series();
  const bool real = !all.empty();
  if (!real) all = made_series();
  std::printf("%zu %s series, their newest %zu bars, %d days ahead\n", all.size(),
              real ? "real" : "made", registry::kHistory, kHorizon);
  for (const auto& series : all) {
    if (const auto fault = fault_of(series)) {
      std::printf("WRONG: %s: %s\n", series.symbol.text().c_str(), fault->c_str());
      return 1;
    }
  }
  std::puts("answers checked: finite, ordered, on both sides of zero, the same bytes twice\n");
  const double both = rate(all);  // before this thread is pinned: threads inherit that
  stay_on_core(sched_getcpu());
  std::printf("%-32s %9s %9s %12s %9s\n", "one core, microseconds", "p50", "p99", "CPU p50", "p99");
  for (const auto& row : models::catalog()) {
    if (row.needs_trees) continue;  // bench/trees.cpp
    measure("  fit + forecast, " + std::string(row.name), all, [&](const domain::Series& series) {
      const auto model = models::fit(row, series.bars, {.seed = series.revision.content}).value();
      (void)model->forecast(kHorizon);
    });
  }
  bool met = both >= kRateLimit;
  for (const Level& level : kLevels) {
    const std::string name(domain::to_string(level.level));
    const auto latency = measure(
        "bars to encoded forecast, " + name, all,
        [&](const domain::Series& series) { (void)whole(series, level.level); }, level.rounds);
    met &= latency.p50 <= level.limit;
  }
  std::printf("%-32s %9.0f symbols/s\n\n", "two threads, basic", both);
  std::printf("%s: p50 <=", met ? "met" : "MISSED");
  for (const Level& level : kLevels) std::printf(" %.0f", level.limit);
  std::printf(" by level, >= %.0f symbols/s\n", kRateLimit);
  return met ? 0 : 1;
}

}  // namespace
}  // namespace ara

int main() {
  return ara::run();
}
