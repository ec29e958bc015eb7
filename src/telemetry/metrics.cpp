#include "telemetry/metrics.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>

#include "telemetry/cells.h"
#include "telemetry/exposition.h"

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

std::size_t cells_of(const MetricRow& row) {
  return row.kind == MetricKind::histogram ? row.buckets.size() + 2 : 1;
}

/// Lines of the exposition: a histogram also has its +Inf, its sum and its count.
std::size_t samples_of(const MetricRow& row) {
  return row.kind == MetricKind::histogram ? row.buckets.size() + 3 : 1;
}

bool is_other(const Metrics::Labels& labels) {
  return std::ranges::all_of(labels, [](const auto& label) { return label.second == "other"; });
}

/// A histogram's cells as the formats want them, cumulative.
void fill_histogram(SeriesRead& series, std::span<const std::uint64_t> cells) {
  std::uint64_t seen = 0;
  for (const std::uint64_t cell : cells.first(cells.size() - 1)) {
    series.cumulative.push_back(seen += cell);
  }
  series.value = static_cast<double>(cells.back()) / kNanoseconds;
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
  std::size_t samples = 0;
  /// Samples that are kept for what may still come and must find room: the "other" of each family,
  /// which for one without labels is its one series.
  std::size_t kept = 0;
  std::size_t cells_used = 0;

  State() {
    for (const MetricRow& row : metric_names()) kept += samples_of(row);
    if (kept > kMaxSamples) std::abort();
  }

  /// The series of these labels, made if there is room for one more, else the family's "other".
  Series& find_or_make(std::size_t row, Labels labels) {
    Family& family = families[row];
    if (const auto found = family.find(labels); found != family.end()) return found->second;
    const std::size_t needed = samples_of(metric_names()[row]);
    if (!is_other(labels) && samples + kept + needed > kMaxSamples) {
      for (auto& [name, value] : labels) value = "other";
      if (const auto found = family.find(labels); found != family.end()) return found->second;
    }
    samples += needed;
    if (is_other(labels)) kept -= needed;
    Series& made = family[std::move(labels)];
    made.first_cell = static_cast<std::uint32_t>(cells_used);
    cells_used += cells_of(metric_names()[row]);
    return made;
  }
};

Metrics::Metrics(bool recording) : recording_(recording), state_(std::make_unique<State>()) {
  static_assert(kMaxSamples <= Cells::kMax, "a series has no more cells than samples");
}

Metrics::~Metrics() = default;

Metrics::Counter Metrics::counter(std::string_view family, Labels labels) {
  const std::size_t row = row_of(family, MetricKind::counter, false, labels);
  const std::lock_guard lock(state_->mutex);
  return {state_->find_or_make(row, std::move(labels)).first_cell};
}

Metrics::Histogram Metrics::histogram(std::string_view family, Labels labels) {
  const std::size_t row = row_of(family, MetricKind::histogram, false, labels);
  const std::lock_guard lock(state_->mutex);
  return {state_->find_or_make(row, std::move(labels)).first_cell, static_cast<std::uint32_t>(row)};
}

void Metrics::gauge(std::string_view family, Labels labels, std::function<double()> read) {
  const std::size_t row = row_of(family, MetricKind::gauge, true, labels);
  if (!recording_) return;
  const std::lock_guard lock(state_->mutex);
  state_->find_or_make(row, std::move(labels)).read = std::move(read);
}

void Metrics::add(Counter counter, std::uint64_t by) {
  if (recording_) state_->cells->add(counter.cell, by);
}

void Metrics::observe(Histogram histogram, double seconds) {
  if (!recording_) return;
  const double kept = seconds > 0 ? std::min(seconds, kLongest) : 0;
  const auto bounds = metric_names()[histogram.row].buckets;
  std::uint32_t bucket = 0;
  while (bucket < bounds.size() && kept > bounds[bucket]) ++bucket;
  Cells& cells = *state_->cells;
  cells.add(histogram.first_cell + bucket, 1);
  cells.add(histogram.first_cell + bounds.size() + 1,
            static_cast<std::uint64_t>(std::llround(kept * kNanoseconds)));
}

std::string Metrics::exposition(Format format) const {
  // Copied first: what a gauge reads may take locks of its own, and may count.
  std::vector<State::Family> families;
  std::size_t cells_used = 0;
  {
    const std::lock_guard lock(state_->mutex);
    families = state_->families;
    cells_used = state_->cells_used;
  }
  const std::vector<std::uint64_t> sums = state_->cells->sums(cells_used);
  std::vector<FamilyRead> out;
  for (std::size_t i = 0; recording_ && i < families.size(); ++i) {
    FamilyRead family{metric_names()[i], {}};
    for (const auto& [labels, series] : families[i]) {
      SeriesRead one{labels, 0, {}};
      if (family.row.kind == MetricKind::histogram) {
        fill_histogram(one, std::span(sums).subspan(series.first_cell, cells_of(family.row)));
      } else {
        try {
          one.value = series.read ? series.read() : static_cast<double>(sums[series.first_cell]);
        } catch (...) {  // what cannot be read now is left out of this scrape
          continue;
        }
        if (std::isnan(one.value)) continue;
      }
      family.series.push_back(std::move(one));
    }
    if (!family.series.empty()) out.push_back(std::move(family));
  }
  return to_text(out, format);
}

}  // namespace ara::telemetry
