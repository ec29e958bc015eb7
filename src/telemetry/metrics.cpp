#include "telemetry/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <sstream>

#include "telemetry/cells.h"

namespace ara::telemetry {
namespace {

constexpr double kLongest = 366.0 * 86'400;
constexpr double kNanoseconds = 1e9;

[[noreturn]] void programming_error(std::string_view family, const std::string& what) {
  std::fprintf(stderr, "telemetry: metric family '%.*s' %s\n", static_cast<int>(family.size()),
               family.data(), what.c_str());
  std::abort();
}

std::string names_of(const Metrics::Labels& labels) {
  std::string names;
  for (const auto& [name, value] : labels) names += (names.empty() ? "" : ",") + name;
  return names;
}

/// Place in the table of names. `read` where the value is read at scrape time.
std::size_t row_of(std::string_view family, MetricKind kind, bool read,
                   const Metrics::Labels& labels) {
  const auto names = metric_names();
  const auto found = std::ranges::find(names, family, &MetricRow::name);
  if (found == names.end()) programming_error(family, "is not in names.cpp");
  if (found->kind != kind && !(read && found->kind == MetricKind::counter)) {
    programming_error(family, "is of another kind in names.cpp");
  }
  if (names_of(labels) != found->labels) {
    programming_error(family, "has the labels '" + std::string(found->labels) +
                                  "' in names.cpp, not '" + names_of(labels) + "'");
  }
  return static_cast<std::size_t>(found - names.begin());
}

prometheus::MetricType type_of(MetricKind kind) {
  switch (kind) {
    case MetricKind::counter:
      return prometheus::MetricType::Counter;
    case MetricKind::gauge:
      return prometheus::MetricType::Gauge;
    case MetricKind::histogram:
      return prometheus::MetricType::Histogram;
  }
  std::abort();
}

std::size_t histogram_cells() {
  return duration_buckets().size() + 2;
}

/// A histogram's cells as Prometheus wants them, cumulative; the serializer adds the +Inf bucket.
prometheus::ClientMetric::Histogram histogram_of(std::span<const std::uint64_t> cells) {
  prometheus::ClientMetric::Histogram histogram;
  const auto bounds = duration_buckets();
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    seen += cells[i];
    histogram.bucket.push_back({seen, bounds[i]});
  }
  histogram.sample_count = seen + cells[bounds.size()];
  histogram.sample_sum = static_cast<double>(cells[bounds.size() + 1]) / kNanoseconds;
  return histogram;
}

}  // namespace

struct Metrics::State {
  /// Either cells from `first_cell` on, or a value to be read.
  struct Series {
    std::uint32_t first_cell = 0;
    std::function<double()> read;
  };
  using Family = std::map<Labels, Series>;

  std::shared_ptr<Cells> cells = Cells::make();
  mutable std::mutex mutex;  ///< guards what follows
  std::vector<Family> families = std::vector<Family>(metric_names().size());
  std::size_t series = 0;
  std::size_t cells_used = 0;

  /// The series of these labels, made if there is room for one more, else the family's "other".
  Series& find_or_make(std::size_t row, Labels labels, std::size_t cells_needed) {
    Family& family = families[row];
    if (const auto found = family.find(labels); found != family.end()) return found->second;
    if (series >= kMaxSeries) {
      for (auto& [name, value] : labels) value = "other";
      if (const auto found = family.find(labels); found != family.end()) return found->second;
    }
    ++series;
    Series& made = family[std::move(labels)];
    made.first_cell = static_cast<std::uint32_t>(cells_used);
    cells_used += cells_needed;
    return made;
  }
};

Metrics::Metrics() : state_(std::make_unique<State>()) {
  // One "other" each beyond the bound, all of them histograms: the cells suffice even then.
  if ((kMaxSeries + metric_names().size()) * histogram_cells() > Cells::kMax) std::abort();
}

Metrics::~Metrics() = default;

Metrics::Counter Metrics::counter(std::string_view family, Labels labels) {
  const std::size_t row = row_of(family, MetricKind::counter, false, labels);
  const std::lock_guard lock(state_->mutex);
  return {state_->find_or_make(row, std::move(labels), 1).first_cell};
}

Metrics::Histogram Metrics::histogram(std::string_view family, Labels labels) {
  const std::size_t row = row_of(family, MetricKind::histogram, false, labels);
  const std::lock_guard lock(state_->mutex);
  return {state_->find_or_make(row, std::move(labels), histogram_cells()).first_cell};
}

void Metrics::gauge(std::string_view family, Labels labels, std::function<double()> read) {
  const std::size_t row = row_of(family, MetricKind::gauge, true, labels);
  const std::lock_guard lock(state_->mutex);
  state_->find_or_make(row, std::move(labels), 0).read = std::move(read);
}

void Metrics::add(Counter counter, std::uint64_t by) {
  state_->cells->add(counter.cell, by);
}

void Metrics::observe(Histogram histogram, double seconds) {
  const double kept = seconds > 0 ? std::min(seconds, kLongest) : 0;
  const auto bounds = duration_buckets();
  std::uint32_t bucket = 0;
  while (bucket < bounds.size() && kept > bounds[bucket]) ++bucket;
  Cells& cells = *state_->cells;
  cells.add(histogram.first_cell + bucket, 1);
  cells.add(histogram.first_cell + bounds.size() + 1,
            static_cast<std::uint64_t>(std::llround(kept * kNanoseconds)));
}

std::string Metrics::exposition() const {
  // Copied first: what a gauge reads may take locks of its own, and may count.
  std::vector<State::Family> families;
  std::size_t cells_used = 0;
  {
    const std::lock_guard lock(state_->mutex);
    families = state_->families;
    cells_used = state_->cells_used;
  }
  const std::vector<std::uint64_t> sums = state_->cells->sums(cells_used);
  std::vector<prometheus::MetricFamily> out;
  for (std::size_t i = 0; i < families.size(); ++i) {
    const MetricRow& row = metric_names()[i];
    prometheus::MetricFamily family{
        std::string(row.name), std::string(row.help), type_of(row.kind), {}};
    for (const auto& [labels, series] : families[i]) {
      prometheus::ClientMetric metric;
      for (const auto& [name, value] : labels) metric.label.push_back({name, value});
      if (row.kind == MetricKind::histogram) {
        metric.histogram =
            histogram_of(std::span(sums).subspan(series.first_cell, histogram_cells()));
      } else {
        double value = 0;
        try {
          value = series.read ? series.read() : static_cast<double>(sums[series.first_cell]);
        } catch (...) {  // what cannot be read now is left out of this scrape
          continue;
        }
        if (std::isnan(value)) continue;
        (row.kind == MetricKind::gauge ? metric.gauge.value : metric.counter.value) = value;
      }
      family.metric.push_back(std::move(metric));
    }
    if (!family.metric.empty()) out.push_back(std::move(family));
  }
  std::ostringstream text;
  prometheus::TextSerializer().Serialize(text, out);
  return std::move(text).str();
}

}  // namespace ara::telemetry
