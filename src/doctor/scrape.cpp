#include "doctor/scrape.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/text.h"

namespace ara::doctor {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::optional<double> number_of(std::string_view text) {
  if (text == "+Inf") return kInfinity;
  if (text == "-Inf") return -kInfinity;
  if (text == "NaN") return std::nan("");
  return parse_double(text);
}

/// Takes `name="value",…}` off the front of `text`; false where it is something else.
bool take_labels(std::string_view& text, Labels& labels) {
  for (;;) {
    if (text.starts_with('}')) {
      text.remove_prefix(1);
      return true;
    }
    const auto equals = text.find("=\"");
    if (equals == std::string_view::npos) return false;
    std::string name(text.substr(0, equals));
    text.remove_prefix(equals + 2);
    std::string value;
    while (!text.empty() && text.front() != '"') {
      const bool escaped = text.front() == '\\' && text.size() > 1;
      if (escaped) text.remove_prefix(1);
      value += escaped && text.front() == 'n' ? '\n' : text.front();
      text.remove_prefix(1);
    }
    if (text.empty()) return false;
    text.remove_prefix(1);
    if (text.starts_with(',')) text.remove_prefix(1);
    labels.emplace_back(std::move(name), std::move(value));
  }
}

std::optional<Scrape::Sample> sample_of(std::string_view line) {
  Scrape::Sample sample;
  const auto end = line.find_first_of("{ ");
  if (end == std::string_view::npos || end == 0) return std::nullopt;
  sample.name = line.substr(0, end);
  line.remove_prefix(end);
  if (line.starts_with('{')) {
    line.remove_prefix(1);
    if (!take_labels(line, sample.labels)) return std::nullopt;
  }
  line = trim(line);
  const auto value = number_of(line.substr(0, line.find(' ')));  // a time may follow
  if (!value) return std::nullopt;
  sample.value = *value;
  return sample;
}

double no_less_than_zero(double before, double after) {
  return after < before ? after : after - before;
}

}  // namespace

std::string_view label(const Labels& labels, std::string_view name) {
  const auto found = std::ranges::find(labels, name, [](const auto& one) { return one.first; });
  return found == labels.end() ? std::string_view() : found->second;
}

Which with(std::string name, std::string value) {
  return [name = std::move(name), value = std::move(value)](const Labels& labels) {
    return label(labels, name) == value;
  };
}

std::optional<double> Counted::quantile(double share) const {
  if (buckets.empty() || count <= 0) return std::nullopt;
  const double wanted = share * count;
  double below = 0;
  double lower = 0;
  for (const auto& [bound, cumulative] : buckets) {
    if (cumulative >= wanted) {
      if (bound == kInfinity) return lower;  // no more is known than that it was longer
      const double inside = cumulative - below;
      return inside <= 0 ? bound : lower + (bound - lower) * (wanted - below) / inside;
    }
    below = cumulative;
    lower = bound;
  }
  return lower;
}

double Counted::above(double seconds) const {
  for (const auto& [bound, cumulative] : buckets) {
    if (bound >= seconds) return std::max(0.0, count - cumulative);
  }
  return 0;
}

Result<Scrape> Scrape::parse(std::string_view text) {
  Scrape scrape;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.starts_with('#')) continue;
    auto sample = sample_of(line);
    if (!sample) return fail(Code::corrupt, "this is no line of metrics: " + printable(line));
    scrape.samples_.push_back(std::move(*sample));
  }
  return scrape;
}

std::optional<double> Scrape::value(std::string_view name, const Which& which) const {
  std::optional<double> sum;
  for (const Sample& sample : samples_) {
    if (sample.name == name && (!which || which(sample.labels))) {
      sum = sum.value_or(0) + sample.value;
    }
  }
  return sum;
}

Counted Scrape::histogram(std::string_view name, const Which& which) const {
  std::map<double, double> buckets;
  Counted found;
  for (const Sample& sample : samples_) {
    if (!sample.name.starts_with(name) || (which && !which(sample.labels))) continue;
    const std::string_view part = std::string_view(sample.name).substr(name.size());
    if (part == "_sum") found.sum += sample.value;
    if (part == "_count") found.count += sample.value;
    if (part != "_bucket") continue;
    if (const auto bound = number_of(label(sample.labels, "le"))) buckets[*bound] += sample.value;
  }
  found.buckets.assign(buckets.begin(), buckets.end());
  return found;
}

std::vector<std::string> Scrape::values(std::string_view name, std::string_view of_label) const {
  std::vector<std::string> found;
  for (const Sample& sample : samples_) {
    if (sample.name != name && sample.name != std::string(name) + "_count") continue;
    const std::string value(label(sample.labels, of_label));
    if (!std::ranges::contains(found, value)) found.push_back(value);
  }
  return found;
}

double Window::added(std::string_view name, const Which& which) const {
  return no_less_than_zero(before.value(name, which).value_or(0),
                           after.value(name, which).value_or(0));
}

Counted Window::counted(std::string_view name, const Which& which) const {
  const Counted first = before.histogram(name, which);
  Counted last = after.histogram(name, which);
  if (last.count < first.count) return last;  // started anew
  last.count -= first.count;
  last.sum = std::max(0.0, last.sum - first.sum);
  for (auto& [bound, cumulative] : last.buckets) {
    const auto same =
        std::ranges::find(first.buckets, bound, [](const auto& one) { return one.first; });
    if (same != first.buckets.end()) cumulative -= same->second;
  }
  return last;
}

}  // namespace ara::doctor
