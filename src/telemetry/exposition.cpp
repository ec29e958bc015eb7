#include "telemetry/exposition.h"

#include <array>
#include <charconv>
#include <cmath>

namespace ara::telemetry {
namespace {

constexpr double kExact = 1e15;  ///< integers below it are doubles, and printed with all digits

void append_number(std::string& out, double value) {
  if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
    return;
  }
  std::array<char, 64> digits;
  char* const begin = digits.data();
  char* const end = begin + digits.size();
  const bool whole = value == std::trunc(value) && std::abs(value) < kExact;
  const auto done = whole ? std::to_chars(begin, end, static_cast<std::int64_t>(value))
                          : std::to_chars(begin, end, value, std::chars_format::general);
  out.append(begin, done.ptr);
}

/// In OpenMetrics' canonical form of numbers that are labels, e.g. "1.0", "0.25", "5e-05".
std::string bound_text(double bound) {
  std::string text;
  append_number(text, bound);
  if (text.find_first_of(".eI") == std::string::npos) text += ".0";
  return text;
}

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') out += '\\';
    out += c;
  }
}

/// One sample; `bound` is the value of the label le, empty where there is none.
void append_sample(std::string& out, std::string_view name, const Metrics::Labels& labels,
                   std::string_view bound, double value) {
  out += name;
  char before = '{';
  const auto label = [&](std::string_view label_name, std::string_view label_value) {
    out += before;
    out += label_name;
    out += "=\"";
    append_escaped(out, label_value);
    out += '"';
    before = ',';
  };
  for (const auto& [label_name, label_value] : labels) label(label_name, label_value);
  if (!bound.empty()) label("le", bound);
  if (before == ',') out += '}';
  out += ' ';
  append_number(out, value);
  out += '\n';
}

void append_histogram(std::string& out, const MetricRow& row, const SeriesRead& series) {
  const std::string name(row.name);
  for (std::size_t i = 0; i < series.cumulative.size(); ++i) {
    const std::string bound = i < row.buckets.size() ? bound_text(row.buckets[i]) : "+Inf";
    append_sample(out, name + "_bucket", series.labels, bound,
                  static_cast<double>(series.cumulative[i]));
  }
  append_sample(out, name + "_sum", series.labels, "", series.value);
  append_sample(out, name + "_count", series.labels, "",
                static_cast<double>(series.cumulative.back()));
}

std::string_view type_of(MetricKind kind) {
  switch (kind) {
    case MetricKind::counter:
      return "counter";
    case MetricKind::gauge:
      return "gauge";
    case MetricKind::histogram:
      return "histogram";
  }
  return "unknown";
}

void append_line(std::string& out, std::string_view what, std::string_view family,
                 std::string_view text) {
  out.append("# ").append(what).append(" ").append(family).append(" ").append(text).append("\n");
}

}  // namespace

std::string to_text(std::span<const FamilyRead> families, Format format) {
  const bool open = format == Format::openmetrics;
  std::string out;
  for (const FamilyRead& family : families) {
    const MetricRow& row = family.row;
    std::string_view name = row.name;
    // There the family of a counter has the name of its sample without the suffix.
    if (open && row.kind == MetricKind::counter)
      name.remove_suffix(std::string_view("_total").size());
    append_line(out, "HELP", name, row.help);
    append_line(out, "TYPE", name, type_of(row.kind));
    if (open && !row.unit.empty()) append_line(out, "UNIT", name, row.unit);
    for (const SeriesRead& series : family.series) {
      if (row.kind == MetricKind::histogram) {
        append_histogram(out, row, series);
      } else {
        append_sample(out, row.name, series.labels, "", series.value);
      }
    }
  }
  if (open) out += "# EOF\n";
  return out;
}

}  // namespace ara::telemetry
