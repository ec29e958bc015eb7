#include "doctor/sizing.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "doctor/measured.h"
#include "recorded.h"

namespace ara::doctor {
namespace {

std::string value_of(const std::vector<Setting>& settings, std::string_view name) {
  const auto found = std::ranges::find(settings, name, &Setting::name);
  return found == settings.end() ? "none" : found->value;
}

/// With so much CPU time used in the 10 s.
Facts with_cpu(double seconds) {
  Facts facts = recorded_facts();
  facts.nodes[0].window.after =
      Scrape::parse(changed(after_text(), "process_cpu_seconds_total", 10 + seconds)).value();
  return facts;
}

TEST(Sizing, TheFiveTriggersHaveTheirValues) {
  const auto triggers = triggers_of(recorded_facts());
  ASSERT_EQ(triggers.size(), 5);
  EXPECT_EQ(triggers[0].name, "cpu");
  EXPECT_DOUBLE_EQ(triggers[0].value.value(), 0.1);  // 2 s of 20 core seconds
  EXPECT_NEAR(triggers[1].value.value(), 70.0 / 256, 1e-9);
  EXPECT_NEAR(triggers[2].value.value(), 525e-6, 1e-9);
  EXPECT_DOUBLE_EQ(triggers[3].value.value(), 6000);
  EXPECT_DOUBLE_EQ(triggers[3].threshold, 0.7 * 60'000);  // a tenth of the CPU does 6000
  EXPECT_NEAR(triggers[4].value.value(), 20.0 / 55, 1e-9);
  for (const Trigger& trigger : triggers) EXPECT_FALSE(trigger.met()) << trigger.name;
}

TEST(Sizing, NothingIsMadeUpWhereNothingWasSeen) {
  for (const Trigger& trigger : triggers_of(Facts{})) {
    EXPECT_EQ(trigger.value, std::nullopt) << trigger.name;
  }
  EXPECT_EQ(verdict_of(Facts{}).direction, "none");
  EXPECT_FALSE(right_size(Facts{}).why_not.empty());
  EXPECT_TRUE(figures_of(Facts{}).empty());
}

TEST(Sizing, ProcessorsAreScaledOut) {
  const Facts facts = with_cpu(18);
  EXPECT_EQ(verdict_of(facts).direction, "out");
  EXPECT_EQ(servers_for(facts), 2);  // 0.9 of a server at 0.6 each
}

TEST(Sizing, MemoryIsScaledUp) {
  Facts facts = recorded_facts();
  facts.nodes[0].window.after =
      Scrape::parse(changed(after_text(), "ara_cgroup_memory_usage_bytes", 230e6)).value();
  EXPECT_EQ(verdict_of(facts).direction, "up");
}

TEST(Sizing, ConnectionsAreTheDatabases) {
  Facts facts = recorded_facts();
  facts.store->databases[0].servers[0].connections = 54;
  EXPECT_EQ(verdict_of(facts).direction, "database");
}

TEST(Sizing, SlowAnswersAloneAskForNoServers) {
  Facts facts = recorded_facts();
  facts.goals.p95_seconds = 1e-4;
  EXPECT_EQ(verdict_of(facts).direction, "none");
  EXPECT_NE(verdict_of(facts).why.find("would not help"), std::string::npos);
}

TEST(Sizing, IdleServersAreTooMany) {
  Facts facts = recorded_facts();
  EXPECT_EQ(verdict_of(facts).direction, "none");
  facts.nodes.push_back(facts.nodes[0]);
  EXPECT_EQ(verdict_of(facts).direction, "in");
}

TEST(Sizing, SizesComeFromWhatWasMeasured) {
  const RightSize size = right_size(with_cpu(7));
  EXPECT_EQ(size.why_not, "");
  EXPECT_EQ(value_of(size.settings, "API_WORKERS"), "2");
  EXPECT_EQ(value_of(size.settings, "MAX_WORKERS"), "2");
  // 500 forecasts of 3750 bytes (the bookkeeping of an empty cache left out), and a quarter more,
  // in three quarters of it.
  EXPECT_EQ(value_of(size.settings, "CACHE_SIZE_MB"), "4");
  // 2 workers and 2 spare, to each of two roles, for 2 nodes.
  EXPECT_EQ(value_of(size.settings, "POSTGRES_CONNECTIONS"), "16");
  EXPECT_EQ(value_of(size.resources, "requests.cpu"), "1000m");  // 0.7 cores at 70 %
  EXPECT_EQ(value_of(size.resources, "limits.cpu"), "2000m");
  EXPECT_EQ(value_of(size.resources, "requests.memory"), "80Mi");
  EXPECT_EQ(value_of(size.resources, "limits.memory"), "112Mi");
}

TEST(Sizing, WorkersThatWaitAreMore) {
  Facts facts = recorded_facts();
  std::string text = after_text();
  text = changed(text, R"(ara_db_query_duration_seconds_sum{operation="bars_read",role="replica"})",
                 1.1);
  text = changed(
      text, R"(ara_db_query_duration_seconds_count{operation="bars_read",role="replica"})", 200);
  text = changed(text, R"(ara_model_inference_duration_seconds_sum{model="garch_fhs"})", 1.3);
  text = changed(text, R"(ara_model_inference_duration_seconds_count{model="garch_fhs"})", 200);
  facts.nodes[0].window.after = Scrape::parse(text).value();
  EXPECT_EQ(value_of(right_size(facts).settings, "MAX_WORKERS"), "4");  // half of the time
}

TEST(Sizing, ACacheLeavesMemoryToOthers) {
  Facts facts = recorded_facts();
  facts.store_after->databases[0].fresh_forecasts = 1'000'000;
  EXPECT_EQ(cache_megabytes(facts), 62);  // a quarter of the limit, which is 256 million bytes
}

TEST(Sizing, ForecastsThatGoOnComingAreExpected) {
  Facts facts = recorded_facts();
  facts.store_after->databases[0].fresh_forecasts = 1000;
  EXPECT_EQ(cache_megabytes(facts), 13);  // 2000 of 3750 bytes, by the same factors
}

TEST(Sizing, TooFewRequestsGiveNoSizes) {
  Facts facts = recorded_facts();
  facts.nodes[0].window.after = facts.nodes[0].window.before;
  EXPECT_NE(right_size(facts).why_not, "");
  EXPECT_TRUE(right_size(facts).settings.empty());
}

TEST(Measured, AnswersTheGuidesQuestions) {
  const auto figures = figures_of(recorded_facts());
  for (const std::string_view what :
       {"p95", "found in l1", "slowest route, mean", "of it, caches", "growth", "pool busy",
        "missing or invalid indexes", "connections, primary", "connections, standby"}) {
    EXPECT_TRUE(std::ranges::contains(figures, what, &Figure::what)) << what;
  }
}

}  // namespace
}  // namespace ara::doctor
