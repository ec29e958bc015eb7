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

enum class MetricKind { counter, gauge, histogram };

struct MetricRow {
  std::string_view name;
  MetricKind kind;
  std::string_view help;
  std::string_view unit;              ///< how the name ends, or ends before _total; "": a count
  std::string_view labels;            ///< their names, with commas between
  std::span<const double> buckets{};  ///< upper bounds in seconds, ascending; of a histogram
};

/// The golden list of all names.
std::span<const MetricRow> metric_names();

/// Text formats of Prometheus: its own, version 0.0.4, and OpenMetrics 1.0.
enum class Format { prometheus, openmetrics };

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
    std::uint32_t row = 0;         ///< of the table of names, which has the buckets
  };

  /// Without `recording` nothing is counted and nothing read; handles are given all the same.
  explicit Metrics(bool recording = true);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// Registers a series of a family named in names.cpp; asking again gives the same handle.
  /// Slow (takes a lock): call at start, or once (lazy.h). Beyond kMaxSamples in all the family's
  /// series whose labels all have the value "other" is given; there is room for those. A family
  /// that is not in the table or not of this kind, or labels that are not the table's, are
  /// programming errors: the process ends (abort) with a message that names them.
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

  /// Everything registered, in the order of the table.
  std::string exposition(Format format = Format::prometheus) const;

  bool recording() const { return recording_; }

  /// Lines of the exposition with a value, which are what Prometheus counts as series: a histogram
  /// has one for each bucket and three more.
  static constexpr std::size_t kMaxSamples = 2000;

 private:
  struct State;
  const bool recording_;
  std::unique_ptr<State> state_;
};

/// Registers the process_*, ara_cgroup_* and ara_disk_* families, read at each scrape (the disk is
/// that of `folder`), and ara_build_info.
void register_process_metrics(Metrics& metrics, std::string_view version,
                              const std::string& folder);

}  // namespace ara::telemetry
