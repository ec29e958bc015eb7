#include "telemetry/metrics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <limits>
#include <set>
#include <stdexcept>
#include <thread>

#include "exposition_text.h"

namespace ara::telemetry {
namespace {

Metrics::Labels request(const std::string& route) {
  return {{"method", "GET"}, {"route", route}, {"status", "200"}};
}
std::map<std::string, std::string> as_map(const Metrics::Labels& labels) {
  return {labels.begin(), labels.end()};
}
FamilyText family(const Metrics& metrics, const std::string& name) {
  return parse_exposition(metrics.exposition())[name];
}

const MetricRow& requests_row() {
  return *std::ranges::find(metric_names(), "http_request_duration_seconds", &MetricRow::name);
}

/// Registers one series of every row of the table.
void register_all(Metrics& metrics) {
  for (const MetricRow& row : metric_names()) {
    Metrics::Labels labels;
    std::string name;
    for (const char c : std::string(row.labels) + ",") {
      if (c != ',') {
        name += c;
      } else if (!name.empty()) {
        labels.emplace_back(std::exchange(name, {}), "x");
      }
    }
    switch (row.kind) {
      case MetricKind::counter:
        metrics.counter(row.name, labels);
        break;
      case MetricKind::histogram:
        metrics.histogram(row.name, labels);
        break;
      case MetricKind::gauge:
        metrics.gauge(row.name, labels, [] { return 0.0; });
        break;
    }
  }
}

TEST(Metrics, NothingRegisteredShowsNothing) {
  EXPECT_EQ(Metrics().exposition(), "");
}

TEST(Metrics, SumsOverThreadsAreExactAfterJoins) {
  Metrics metrics;
  const auto first = metrics.counter("http_requests_total", request("/a"));
  const auto second = metrics.counter("http_requests_total", request("/b"));
  const auto seconds = metrics.histogram("ara_forecast_duration_seconds");
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10'000; ++i) {
        metrics.add(first);
        metrics.add(second, 3);
        metrics.observe(seconds, 0.001);
      }
    });
  }
  for (std::thread& each : threads) each.join();
  metrics.add(first);  // this thread's own
  const auto requests = family(metrics, "http_requests_total");
  EXPECT_EQ(requests.value("http_requests_total", as_map(request("/a"))), 80'001);
  EXPECT_EQ(requests.value("http_requests_total", as_map(request("/b"))), 240'000);
  const auto durations = family(metrics, "ara_forecast_duration_seconds");
  EXPECT_EQ(durations.value("ara_forecast_duration_seconds_count"), 80'000);
  EXPECT_EQ(durations.value("ara_forecast_duration_seconds_sum"), 80);
}

TEST(Metrics, AScrapeMeanwhileNeverGoesBack) {
  Metrics metrics;
  const auto counter = metrics.counter("http_requests_total", request("/a"));
  std::atomic<bool> stop = false;
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&] {
      while (!stop) {
        std::thread([&] {
          for (int i = 0; i < 100; ++i) metrics.add(counter);
        }).join();  // threads that end while others are counted
      }
    });
  }
  double last = 0;
  for (int i = 0; i < 200; ++i) {
    const double now =
        family(metrics, "http_requests_total").value("http_requests_total", as_map(request("/a")));
    EXPECT_GE(now, last);
    last = now;
  }
  stop = true;
  for (std::thread& each : threads) each.join();
}

TEST(Metrics, ThreadsOutliveMetricsAndMetricsThreads) {
  std::atomic<int> stage = 0;
  std::unique_ptr<Metrics> first = std::make_unique<Metrics>();
  Metrics second;
  const auto in_first = first->counter("http_requests_total", request("/a"));
  const auto in_second = second.counter("http_requests_total", request("/a"));
  std::thread thread([&] {
    first->add(in_first);
    second.add(in_second, 5);
    stage = 1;
    while (stage != 2) std::this_thread::yield();
    second.add(in_second, 5);
  });
  while (stage != 1) std::this_thread::yield();
  first.reset();
  Metrics successor;  // may lie where the first did; the counts must not mix
  const auto in_successor = successor.counter("http_requests_total", request("/a"));
  stage = 2;
  thread.join();
  successor.add(in_successor);
  const auto labels = as_map(request("/a"));
  EXPECT_EQ(family(second, "http_requests_total").value("http_requests_total", labels), 10);
  EXPECT_EQ(family(successor, "http_requests_total").value("http_requests_total", labels), 1);
}

TEST(Metrics, AskingAgainGivesTheSameHandle) {
  Metrics metrics;
  EXPECT_EQ(metrics.counter("http_requests_total", request("/a")).cell,
            metrics.counter("http_requests_total", request("/a")).cell);
  EXPECT_NE(metrics.counter("http_requests_total", request("/a")).cell,
            metrics.counter("http_requests_total", request("/b")).cell);
}

TEST(Metrics, BucketsAreCumulativeAndInfIsTheCount) {
  Metrics metrics;
  const auto handle = metrics.histogram("http_request_duration_seconds", {{"route", "/a"}});
  const auto bounds = requests_row().buckets;
  for (const double bound : bounds) {
    metrics.observe(handle, bound);  // a bound belongs to its own bucket
    metrics.observe(handle, std::nextafter(bound, 100.0));
  }
  metrics.observe(handle, 1e300);
  metrics.observe(handle, -1);
  metrics.observe(handle, std::numeric_limits<double>::quiet_NaN());
  const auto durations = family(metrics, "http_request_duration_seconds");
  std::size_t at = 0;
  for (const Sample& sample : durations.samples) {
    if (sample.name != "http_request_duration_seconds_bucket") continue;
    EXPECT_EQ(sample.labels.at("route"), "/a");
    if (at < bounds.size()) {
      EXPECT_EQ(std::stod(sample.labels.at("le")), bounds[at]);
      EXPECT_EQ(sample.value, static_cast<double>(2 * at + 1 + 2));
    } else {
      EXPECT_EQ(sample.labels.at("le"), "+Inf");
      EXPECT_EQ(sample.value, static_cast<double>(2 * bounds.size() + 3));
    }
    ++at;
  }
  EXPECT_EQ(at, bounds.size() + 1);
  EXPECT_EQ(durations.value("http_request_duration_seconds_count", {{"route", "/a"}}),
            static_cast<double>(2 * bounds.size() + 3));
}

TEST(Metrics, BucketsOfRequestsGoFromFiftyMicrosecondsToTenSeconds) {
  EXPECT_EQ(requests_row().buckets.front(), 50e-6);
  EXPECT_EQ(requests_row().buckets.back(), 10.0);
}

TEST(Metrics, OffNothingIsCountedOrShown) {
  Metrics metrics(false);
  metrics.add(metrics.counter("http_requests_total", request("/a")));
  metrics.observe(metrics.histogram("ara_forecast_duration_seconds"), 1);
  metrics.gauge("ara_symbols", {}, []() -> double { throw std::runtime_error("never read"); });
  EXPECT_EQ(metrics.exposition(), "");
}

TEST(Metrics, HostileLabelValuesAreEscaped) {
  Metrics metrics;
  const std::string route = "/a\"b\\c\nd";
  metrics.add(metrics.counter("http_requests_total", request(route)), 7);
  EXPECT_EQ(
      family(metrics, "http_requests_total").value("http_requests_total", as_map(request(route))),
      7);
}

std::size_t samples_in(const std::string& text) {
  std::size_t samples = 0;
  for (const auto& [name, one] : parse_exposition(text)) samples += one.samples.size();
  return samples;
}

TEST(Metrics, BeyondTheBoundAllIsCountedAsOther) {
  Metrics metrics;
  constexpr int kRoutes = 3000;
  for (int i = 0; i < kRoutes; ++i) {
    metrics.add(metrics.counter("http_requests_total", request("/" + std::to_string(i))));
    const Metrics::Labels route{{"route", "/" + std::to_string(i)}};
    metrics.observe(metrics.histogram("http_request_duration_seconds", route), 1);
  }
  register_all(metrics);
  EXPECT_LE(samples_in(metrics.exposition()), Metrics::kMaxSamples);
  const auto requests = family(metrics, "http_requests_total");
  double sum = 0;
  for (const Sample& sample : requests.samples) sum += sample.value;
  EXPECT_EQ(sum, kRoutes);
  EXPECT_GT(requests.value("http_requests_total",
                           {{"method", "other"}, {"route", "other"}, {"status", "other"}}),
            0);
  EXPECT_GT(family(metrics, "http_request_duration_seconds")
                .value("http_request_duration_seconds_count", {{"route", "other"}}),
            0);
}

TEST(Metrics, GaugesAreReadAtTheScrape) {
  Metrics metrics;
  double value = 1;
  metrics.gauge("ara_symbols", {}, [&] { return value; });
  EXPECT_EQ(family(metrics, "ara_symbols").value("ara_symbols"), 1);
  value = 2.5;
  EXPECT_EQ(family(metrics, "ara_symbols").value("ara_symbols"), 2.5);
  metrics.gauge("ara_symbols", {}, [] { return 9; });
  EXPECT_EQ(family(metrics, "ara_symbols").value("ara_symbols"), 9);
}

TEST(Metrics, AGaugeMayUseMetricsAndFail) {
  Metrics metrics;
  const auto counter = metrics.counter("http_requests_total", request("/a"));
  metrics.gauge("ara_symbols", {}, [&] {
    metrics.add(counter);
    return static_cast<double>(metrics.counter("http_requests_total", request("/a")).cell);
  });
  metrics.gauge("ara_slow_lane_queued", {}, []() -> double { throw std::runtime_error("no"); });
  metrics.gauge("ara_slow_lane_running", {}, [] { return std::nan(""); });
  const auto families = parse_exposition(metrics.exposition());
  EXPECT_TRUE(families.contains("ara_symbols"));
  EXPECT_FALSE(families.contains("ara_slow_lane_queued"));
  EXPECT_FALSE(families.contains("ara_slow_lane_running"));
}

TEST(Metrics, TheExpositionIsTheTable) {
  Metrics metrics;
  register_all(metrics);
  const auto families = parse_exposition(metrics.exposition());
  EXPECT_EQ(families.size(), metric_names().size());
  for (const MetricRow& row : metric_names()) {
    const auto found = families.find(std::string(row.name));
    ASSERT_NE(found, families.end()) << row.name;
    EXPECT_EQ(found->second.help, row.help);
    EXPECT_EQ(found->second.type, row.kind == MetricKind::counter ? "counter"
                                  : row.kind == MetricKind::gauge ? "gauge"
                                                                  : "histogram");
  }
}

TEST(MetricNames, KeepPrometheusConventions) {
  std::set<std::string_view> seen;
  for (const MetricRow& row : metric_names()) {
    EXPECT_TRUE(seen.insert(row.name).second) << row.name;
    EXPECT_TRUE(row.help.ends_with('.')) << row.name;
    EXPECT_EQ(row.name.ends_with("_total"), row.kind == MetricKind::counter) << row.name;
    std::string_view name = row.name;
    if (row.kind == MetricKind::counter) name.remove_suffix(6);
    EXPECT_TRUE(row.unit == "" || name.ends_with("_" + std::string(row.unit))) << row.name;
    EXPECT_TRUE(row.kind != MetricKind::histogram || row.unit == "seconds") << row.name;
    EXPECT_EQ(row.buckets.empty(), row.kind != MetricKind::histogram) << row.name;
    EXPECT_TRUE(std::ranges::is_sorted(row.buckets)) << row.name;
    EXPECT_EQ(row.labels.find("symbol"), row.labels.npos) << "a symbol is never a label";
  }
}

TEST(ProcessMetrics, TellOfThisProcess) {
  Metrics metrics;
  register_process_metrics(metrics, "1.2.3", "/");
  auto families = parse_exposition(metrics.exposition());
  const auto value = [&](const std::string& name) { return families.at(name).value(name); };
  EXPECT_EQ(families.at("ara_build_info").value("ara_build_info", {{"version", "1.2.3"}}), 1);
  EXPECT_GT(value("process_resident_memory_bytes"), 1e6);
  EXPECT_GE(value("process_cpu_seconds_total"), 0);
  EXPECT_GE(value("process_virtual_memory_bytes"), value("process_resident_memory_bytes"));
  EXPECT_GE(value("process_open_fds"), 3);
  EXPECT_GT(value("process_max_fds"), value("process_open_fds"));
  EXPECT_GE(value("process_network_receive_bytes_total"), 0);
  EXPECT_GE(value("process_network_transmit_bytes_total"), 0);
  EXPECT_GT(value("ara_disk_used_ratio"), 0);
  EXPECT_LE(value("ara_disk_used_ratio"), 1);
  EXPECT_GE(value("process_threads"), 1);
  const auto now =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  EXPECT_LE(value("process_start_time_seconds"), now + 2);
  EXPECT_GT(value("process_start_time_seconds"), now - 3600);
  const double threads = value("process_threads");
  std::atomic<bool> stop = false;
  std::thread more([&] {
    while (!stop) std::this_thread::yield();
  });
  families = parse_exposition(metrics.exposition());
  stop = true;
  more.join();
  EXPECT_EQ(value("process_threads"), threads + 1);
}

TEST(MetricsDeathTest, AProgrammingErrorEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  Metrics metrics;
  EXPECT_DEATH(metrics.counter("no_such_total"), "'no_such_total' is not in names.cpp");
  EXPECT_DEATH(metrics.counter("ara_symbols"), "'ara_symbols' is of another kind");
  EXPECT_DEATH(metrics.gauge("ara_forecast_duration_seconds", {}, [] { return 0.0; }),
               "is of another kind");
  EXPECT_DEATH(metrics.counter("ara_predictions_total", {{"lane", "fast"}}),
               "has the labels 'asset_type,lane' in names.cpp, not 'lane'");
}

}  // namespace
}  // namespace ara::telemetry
