#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
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
    std::uint32_t first_cell = 0;  ///< one cell a bucket, one for those above, one for nanoseconds
  };

  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// Registers a series of a family named in names.cpp; asking again gives the same handle.
  /// Slow (takes a lock): call at start. At most kMaxSeries in all; beyond that the family's
  /// series whose labels all have the value "other" is given. A family that is not in the table or
  /// not of this kind, or labels that are not the table's, are programming errors: the process
  /// ends (abort) with a message that names them.
  Counter counter(std::string_view family, Labels labels = {});
  Histogram histogram(std::string_view family, Labels labels = {});
  /// A value read at scrape time, of a gauge or of a counter that is kept elsewhere; what was given
  /// before for the same labels is replaced. `read` may be called until the scrape under way when
  /// it is replaced or this object goes is over; of what it throws, or of NaN, no
  /// sample is given.
  void gauge(std::string_view family, Labels labels, std::function<double()> read);

  /// <= 100 ns, no lock.
  void add(Counter counter, std::uint64_t by = 1);
  /// Kept to the nanosecond. Less than nothing, and NaN, count as 0; more than a year as a year.
  void observe(Histogram histogram, double seconds);

  /// Prometheus text exposition format 0.0.4 of everything registered, in the order of the table.
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
  std::string_view unit;    ///< "seconds", "bytes", or "" for a count
  std::string_view labels;  ///< their names, with commas between
};

/// The golden list of all names.
std::span<const MetricRow> metric_names();

/// Upper bounds, in seconds, of every histogram's buckets: 50 µs to 10 s.
std::span<const double> duration_buckets();

/// Registers the process_* families, read from /proc/self at each scrape, and ara_build_info.
void register_process_metrics(Metrics& metrics, std::string_view version);

}  // namespace ara::telemetry
