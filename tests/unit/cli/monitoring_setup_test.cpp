#include "cli/monitoring_setup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace ara::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

/// Options with the one thing that has no default.
MonitoringOptions plain() {
  MonitoringOptions options;
  options.grafana = "/srv/grafana";
  return options;
}

std::string text_of(const MonitoringOptions& options, std::string_view path) {
  const auto files = fit_monitoring(options);
  if (!files) return files.error().message;
  const auto file = std::ranges::find(*files, path, &MonitoringFile::path);
  return file == files->end() ? "no such file" : file->text;
}

TEST(DivideDurations, DividesValuesAndRanges) {
  EXPECT_EQ(divide_durations("for: 5m\n", 60), "for: 5s\n");
  EXPECT_EQ(divide_durations("  - interval: 1h30m", 60), "  - interval: 90s");
  EXPECT_EQ(divide_durations("expr: rate(a[5m]) / rate(b{c=~\"[ab]\"}[6h])", 60),
            "expr: rate(a[5s]) / rate(b{c=~\"[ab]\"}[360s])");
  EXPECT_EQ(divide_durations("expr: max_over_time(a[1d:5m])", 60),
            "expr: max_over_time(a[1440s:5s])");
  EXPECT_EQ(divide_durations("for: 15s", 2), "for: 7500ms");
}

TEST(DivideDurations, LeavesOtherTextAlone) {
  for (const char* text :
       {"record: a:b:rate5m", "# for: 5m", "expr: a > 26 * 3600", "summary: \"for 5m\"",
        "for: never", "repeat: 12", "updateIntervalSeconds: 30", "labels: {severity: page}", "",
        "a: [x, y]", "[unclosed"}) {
    EXPECT_EQ(divide_durations(text, 60), text);
  }
}

TEST(DivideDurations, KeepsScrapesAndRatesPossible) {
  EXPECT_EQ(divide_durations("scrape_interval: 15s", 60), "scrape_interval: 1s");
  EXPECT_EQ(divide_durations("timeInterval: 15s", 60), "timeInterval: 1s");
  EXPECT_EQ(divide_durations("expr: rate(a[1m])", 60), "expr: rate(a[4s])");
  EXPECT_EQ(divide_durations("expr: rate(a[2s])", 60), "expr: rate(a[2s])");  // never longer
  EXPECT_EQ(divide_durations("for: 15s", 60), "for: 250ms");
}

TEST(FitMonitoring, PutsInWhatDiffers) {
  MonitoringOptions options = plain();
  options.targets = {"a:1", "b:2"};
  options.prometheus = "https://prometheus.example.com:9443/p";
  options.alertmanager = "alerts:9";
  options.page_webhook = "https://pager.example.com/x";
  options.availability = "99.5";
  options.latency = "95";
  options.requests_per_core = "1234.5";
  options.docs = "https://example.com/docs";
  EXPECT_THAT(text_of(options, "targets/ara.yml"), HasSubstr("[\"a:1\", \"b:2\"]"));
  EXPECT_EQ(text_of(options, "targets/workers.yml"), "- targets: []\n");
  options.workers = {"c:3", "d:4"};
  EXPECT_EQ(text_of(options, "targets/workers.yml"), "- targets: [\"c:3\", \"d:4\"]\n");
  EXPECT_THAT(text_of(options, "targets/prometheus.yml"),
              HasSubstr("\"prometheus.example.com:9443\""));
  EXPECT_THAT(text_of(options, "targets/alertmanager.yml"), HasSubstr("\"alerts:9\""));
  EXPECT_THAT(text_of(options, "grafana/datasources/prometheus.yaml"),
              HasSubstr("url: https://prometheus.example.com:9443/p\n"));
  EXPECT_THAT(text_of(options, "grafana/dashboards/ara.yaml"),
              HasSubstr("path: /srv/grafana/dashboards\n"));
  EXPECT_THAT(
      text_of(options, "alertmanager.yml"),
      HasSubstr("- name: page\n    webhook_configs: [{url: \"https://pager.example.com/x\"}]\n"
                "  - name: ticket\n  - name: info\n"));
  EXPECT_THAT(text_of(options, "rules/slo.yml"), HasSubstr("vector(0.005)"));
  EXPECT_THAT(text_of(options, "rules/slo.yml"), HasSubstr("vector(0.05)"));
  EXPECT_THAT(text_of(options, "rules/recording.yml"), HasSubstr("vector(1234.5)"));
  EXPECT_THAT(text_of(options, "rules/alerts.yml"),
              HasSubstr("runbook_url: https://example.com/docs/MONITORING.md#apidown\n"));
  EXPECT_THAT(text_of(options, "rules/alerts.yml"), Not(HasSubstr("runbook_url: docs/")));
}

TEST(FitMonitoring, HoldsEveryFileOfTheFolderAndChangesNoOther) {
  const auto files = fit_monitoring(plain());
  ASSERT_TRUE(files) << files.error().message;
  ASSERT_EQ(files->size(), monitoring_files().size());
  std::size_t same = 0;
  for (std::size_t i = 0; i < files->size(); ++i) {
    EXPECT_EQ((*files)[i].path, monitoring_files()[i].path);
    same += (*files)[i].text == monitoring_files()[i].text;
  }
  // Targets of ara, its workers and alertmanager, both of Grafana's.
  EXPECT_EQ(files->size() - same, 5U);
}

TEST(FitMonitoring, RefusesWhatWouldBreakAFile) {
  const auto refused = [](auto change) {
    MonitoringOptions options = plain();
    change(options);
    const auto files = fit_monitoring(options);
    return files ? std::string("taken") : files.error().field;
  };
  EXPECT_EQ(refused([](auto& o) { o.targets = {"a:1", "b\": 2"}; }), "targets");
  EXPECT_EQ(refused([](auto& o) { o.targets = {"http://a:1"}; }), "targets");
  EXPECT_EQ(refused([](auto& o) { o.targets = {"a"}; }), "targets");
  EXPECT_EQ(refused([](auto& o) { o.targets = {"a:0"}; }), "targets");
  EXPECT_EQ(refused([](auto& o) { o.workers = {"a:1", "b"}; }), "workers");
  EXPECT_EQ(refused([](auto& o) { o.prometheus = "localhost:9090"; }), "prometheus");
  EXPECT_EQ(refused([](auto& o) { o.alertmanager = "http://a:1"; }), "alertmanager");
  EXPECT_EQ(refused([](auto& o) { o.grafana = "/a b"; }), "grafana");
  EXPECT_EQ(refused([](auto& o) { o.docs = ""; }), "docs");
  EXPECT_EQ(refused([](auto& o) { o.page_webhook = "mailto:a@b"; }), "page-webhook");
  EXPECT_EQ(refused([](auto& o) { o.ticket_webhook = "https://a/\"}"; }), "ticket-webhook");
  for (const char* percent : {"100", "49", "nan", "99.9%", ""}) {
    EXPECT_EQ(refused([&](auto& o) { o.availability = percent; }), "availability") << percent;
    EXPECT_EQ(refused([&](auto& o) { o.latency = percent; }), "latency") << percent;
  }
  EXPECT_EQ(refused([](auto& o) { o.requests_per_core = "0"; }), "requests-per-core");
  EXPECT_EQ(refused([](auto& o) { o.divide_durations = "0"; }), "divide-durations");
  EXPECT_EQ(refused([](auto& o) { o.divide_durations = "1.5"; }), "divide-durations");
}

}  // namespace
}  // namespace ara::cli
