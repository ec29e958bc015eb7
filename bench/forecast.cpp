// From 1,260 raw bars, nothing fitted before, to an encoded 7-day forecast, for each level of
// analysis; each model's fit, its update by one bar and the forecast after it, and the memory that
// its state takes: on one core; throughput over different symbols on two threads. Uses the equities
// of $ARA_SHARED, or series made by a GARCH process where there are none. The answers are checked
// before they are timed. Times are judged by what the thread computed, not by what else the machine
// did meanwhile.
#include <malloc.h>
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

#include "base/format.h"
#include "base/rng.h"
#include "ingest/parse.h"
#include "models/model.h"
#include "serve/encode.h"
#include "serve/forecaster.h"

namespace ara {
namespace {

constexpr int kHorizon = 7;
constexpr std::size_t kBars = 1260;
constexpr int kRounds = 2000;      ///< most timed calls a row of the table
constexpr double kBudget = 1.5e6;  ///< microseconds a row may take beyond its first kWarmUp calls
constexpr int kWarmUp = 20;
constexpr int kRate = 3;             ///< seconds of throughput
constexpr double kRateLimit = 800;   ///< symbols a second on two threads, basic analysis
constexpr double kUpdateLimit = 20;  ///< microseconds, p50, of one model
constexpr double kEnsembleLimit = 1000;
constexpr double kStateLimit = 65536;  ///< bytes

struct Level {
  domain::AnalysisLevel level;
  double limit;  ///< microseconds, p50
};
constexpr std::array kLevels{Level{domain::AnalysisLevel::basic, 2000},
                             Level{domain::AnalysisLevel::standard, 10000},
                             Level{domain::AnalysisLevel::full, 100000}};

using Clock = std::chrono::steady_clock;

double microseconds(Clock::duration span) {
  return std::chrono::duration<double, std::micro>(span).count();
}

domain::Series newest(const domain::Symbol& symbol, std::vector<domain::Bar> bars) {
  bars.erase(bars.begin(), bars.end() - static_cast<std::ptrdiff_t>(kBars));
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
    if (parsed->series[0].bars.size() < kBars) continue;
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
    std::vector<domain::Bar> bars(kBars);
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

domain::ForecastKey key_of(const domain::Series& series, domain::AnalysisLevel level) {
  return {.symbol = series.symbol,
          .horizon = kHorizon,
          .level = level,
          .model_version = serve::built_in(level, kBars).version,
          .encoding_version = serve::kEncodingVersion,
          .revision = series.revision};
}

std::string whole(const domain::Series& series, domain::AnalysisLevel level) {
  return serve::encode(
      serve::make_forecast(key_of(series, level), series, serve::built_in(level, kBars), {})
          .value());
}

/// What is wrong with the forecast of a series, if anything.
std::optional<std::string> fault_of(const domain::Series& series, domain::AnalysisLevel level) {
  const auto forecast =
      serve::make_forecast(key_of(series, level), series, serve::built_in(level, kBars), {});
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
  if (whole(series, level) != whole(series, level)) return "two calls gave different bytes";
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

/// Measures `call`, given the number of one series after the other, and prints a row of the table.
/// Gives what was computed.
Quantiles measure(const std::string& name, std::size_t series,
                  const std::function<void(std::size_t)>& call) {
  std::vector<double> elapsed, cpu;
  double spent = 0;
  for (int i = -kWarmUp; i < kRounds && spent < kBudget; ++i) {
    const auto start = Clock::now();
    const double before = computed();
    call(static_cast<std::size_t>(i + kWarmUp) % series);
    const double after = computed();
    if (i < 0) continue;
    elapsed.push_back(microseconds(Clock::now() - start));
    cpu.push_back(after - before);
    spent += cpu.back();
  }
  const Quantiles latency = quantiles_of(elapsed);
  const Quantiles work = quantiles_of(cpu);
  std::printf("%-32s %10.1f %10.1f %12.1f %10.1f %7zu\n", name.c_str(), latency.p50, latency.p99,
              work.p50, work.p99, cpu.size());
  return work;
}

/// Counts what misses its limit.
class Verdict {
 public:
  void check(const std::string& name, double value, double limit, bool at_most = true) {
    const bool met = at_most ? value <= limit : value >= limit;
    lines_.push_back(ara::format("{}: {} {:.1f}, {} {:.0f}", met ? "met" : "MISSED", name, value,
                                 at_most ? "at most" : "at least", limit));
    missed_ += met ? 0 : 1;
  }
  int print() const {
    for (const auto& line : lines_) std::puts(line.c_str());
    return missed_ == 0 ? 0 : 1;
  }

 private:
  std::vector<std::string> lines_;
  int missed_ = 0;
};

using Models = std::vector<std::unique_ptr<models::Model>>;

/// Bytes that a copy of a model takes, by the allocator's own count.
double state_of(const models::Model& model) {
  constexpr std::size_t kCopies = 16;
  Models copies;
  copies.reserve(kCopies);
  const std::size_t before = mallinfo2().uordblks;
  for (std::size_t i = 0; i < kCopies; ++i) copies.push_back(model.clone());
  return static_cast<double>(mallinfo2().uordblks - before) / kCopies;
}

/// Fit, update and state of each row of the catalog.
void measure_models(const std::vector<domain::Series>& all, Verdict& verdict) {
  for (const auto& row : models::catalog()) {
    if (row.needs_trees) continue;  // bench/trees.cpp
    const std::string name(row.name);
    Models fitted(all.size());
    measure("  fit, " + name, all.size(), [&](std::size_t i) {
      const std::span bars(all[i].bars);
      fitted[i] =
          models::fit(row, bars.first(bars.size() - 1), {.seed = all[i].revision.content}).value();
      fitted[i]->forget_fitted();
    });
    double state = 0;
    Models ready;
    for (auto& model : fitted) {
      if (!model) continue;
      state = std::max(state, state_of(*model));
      ready.push_back(std::move(model));
    }
    const auto update = measure("    update, forecast", ready.size(), [&](std::size_t i) {
      (void)ready[i]->update(all[i].bars.back());
      (void)ready[i]->forecast(kHorizon);
    });
    const bool combines = ready.front()->components().size() > 1;
    verdict.check(name + ", update and forecast, microseconds p50", update.p50,
                  combines ? kEnsembleLimit : kUpdateLimit);
    verdict.check(name + ", bytes of state", state, kStateLimit);
  }
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
        while (!stop) (void)whole(all[next++ % all.size()], domain::AnalysisLevel::basic);
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
  std::printf("%zu %s series, their newest %zu bars, %d days ahead, %d calls a row\n", all.size(),
              real ? "real" : "made", kBars, kHorizon, kRounds);
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (const auto& [level, limit] : kLevels) {
      if (level == domain::AnalysisLevel::full && i % 10 != 0) continue;
      if (const auto fault = fault_of(all[i], level)) {
        std::printf("WRONG: %s: %s\n", all[i].symbol.text().c_str(), fault->c_str());
        return 1;
      }
    }
  }
  std::puts("answers checked: finite, ordered, on both sides of zero, the same bytes twice\n");
  Verdict verdict;
  const double both = rate(all);  // before this thread is pinned: threads inherit that
  stay_on_core(sched_getcpu());
  std::printf("%-32s %10s %10s %12s %10s %7s\n", "one core, microseconds", "p50", "p99", "CPU p50",
              "p99", "calls");
  measure_models(all, verdict);
  for (const auto& [level, limit] : kLevels) {
    const std::string name = "bars to forecast, " + std::string(domain::to_string(level));
    const auto work = measure(name, all.size(), [&](std::size_t i) { (void)whole(all[i], level); });
    verdict.check(name + ", microseconds p50", work.p50, limit);
  }
  std::printf("%-32s %10.0f symbols/s\n\n", "two threads, basic", both);
  verdict.check("symbols a second on two threads, basic", both, kRateLimit, false);
  return verdict.print();
}

}  // namespace
}  // namespace ara

int main() {
  return ara::run();
}
