// The families of metrics, which dashboards and alerts are written against, as a list to be read.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "telemetry/metrics.h"

namespace ara::telemetry {
namespace {

std::string_view name_of(MetricKind kind) {
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

TEST(MetricNamesGolden, AreThoseOfTheList) {
  std::string list = "# name | kind | labels | unit | help\n";
  for (const MetricRow& row : metric_names()) {
    const std::string unit = row.unit.empty() ? "" : " " + std::string(row.unit);
    const std::string labels = row.labels.empty() ? "" : " " + std::string(row.labels);
    list += std::string(row.name) + " | " + std::string(name_of(row.kind)) + " |" + labels + " |" +
            unit + " | " + std::string(row.help) + "\n";
  }
  const char* checkout = std::getenv("ARA_DIR");
  const std::string path =
      std::string(checkout == nullptr ? "." : checkout) + "/tests/golden/metrics.txt";
  std::ifstream file(path);
  const std::string golden{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(list, golden) << "change " << path << " too, and who reads these names";
}

}  // namespace
}  // namespace ara::telemetry
