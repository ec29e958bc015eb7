#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ara::telemetry {

/// Counters and histograms that many threads write without locks: each thread has cells of its
/// own, and a scrape adds them up. A handle is a small index, made once at start.
///
/// Every name comes from the one table in names.cpp; names, help and units are tested against it.
class Metrics {
 public:
  using Labels = std::vector<std::pair<std::string, std::string>>;

  struct Counter {
    std::uint32_t cell = 0;
  };
  struct Histogram {
    std::uint32_t first_cell = 0;
    std::uint32_t family = 0;
  };

  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// Registers a series of a family named in names.cpp; asking again gives the same handle.
  /// Slow (takes a lock): call at start. At most kMaxSeries in all; beyond that the family's
  /// series labelled "other" is given.
  Counter counter(std::string_view family, Labels labels = {});
  Histogram histogram(std::string_view family, Labels labels = {});
  /// A value read at scrape time.
  void gauge(std::string_view family, Labels labels, std::function<double()> read);

  /// <= 100 ns, no lock.
  void add(Counter counter, std::uint64_t by = 1);
  void observe(Histogram histogram, double seconds);

  /// Prometheus text exposition format 0.0.4 of everything registered.
  std::string exposition() const;

  static constexpr std::size_t kMaxSeries = 2000;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

enum class MetricKind { counter, gauge, histogram };

struct MetricRow {
  std::string_view name;
  MetricKind kind;
  std::string_view help;
  std::string_view unit;  ///< "seconds", "bytes", or "" for a count
};

/// The golden list of all names.
std::span<const MetricRow> metric_names();

/// Upper bounds, in seconds, of every histogram's buckets: 50 µs to 10 s.
std::span<const double> duration_buckets();

}  // namespace ara::telemetry
