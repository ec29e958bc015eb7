#include "http/metrics_reply.h"

#include <algorithm>

#include "base/text.h"

namespace ara::http {
namespace {

constexpr std::string_view kOpenMetricsText =
    "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What stands before the first `separator` of `rest`, which is taken off with it.
std::string_view take_part(std::string_view& rest, char separator) {
  const std::size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view part = trim(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

/// How much an Accept header (RFC 9110, section 12.5.1) wants a format: the weight of the range
/// that names it best, 0 where none does. A version that is not ours is another format.
double weight_of(std::string_view accept, std::string_view type, std::string_view version) {
  double weight = 0;
  int best = 0;
  while (!accept.empty()) {
    std::string_view range = take_part(accept, ',');
    const std::string_view named = take_part(range, ';');
    const std::string_view family = type.substr(0, type.find('/'));
    const int fits = named == type                         ? 3
                     : named == std::string(family) + "/*" ? 2
                     : named == "*/*"                      ? 1
                                                           : 0;
    double q = 1;
    bool ours = true;
    while (!range.empty()) {
      const std::string_view parameter = take_part(range, ';');
      if (parameter.starts_with("q=")) q = parse_double(parameter.substr(2)).value_or(0);
      if (parameter.starts_with("version=")) ours = parameter.substr(8) == version;
    }
    if (!ours || fits == 0 || fits < best) continue;
    weight = fits == best ? std::max(weight, q) : q;
    best = fits;
  }
  return weight;
}

/// OpenMetrics for who names it and wants it no less than the other.
telemetry::Format format_for(std::string_view accept) {
  // Who takes anything gets what every version of Prometheus reads.
  if (!accept.contains("openmetrics")) return telemetry::Format::prometheus;
  const double open = weight_of(accept, "application/openmetrics-text", "1.0.0");
  const bool wanted = open > 0 && open >= weight_of(accept, "text/plain", "0.0.4");
  return wanted ? telemetry::Format::openmetrics : telemetry::Format::prometheus;
}

}  // namespace

Reply metrics_reply(const telemetry::Metrics& metrics, const Exchange& exchange) {
  static const std::string kAccept = "accept";
  const telemetry::Format format = format_for(exchange.header(kAccept));
  const bool open = format == telemetry::Format::openmetrics;
  return {.content_type = open ? kOpenMetricsText : kPrometheusText,
          .headers = "vary: accept\r\n",
          .body = metrics.exposition(format),
          .shared = {}};
}

}  // namespace ara::http
